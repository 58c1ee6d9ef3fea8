// Which genre is taken for which: a table whose cells are the darker the more clips of the row's label got that answer.

import { h, isDark } from "../dom.ts";
import { percent } from "../numbers.ts";
import type { ModelFacts } from "../schema.ts";
import { text } from "../text.ts";

const STEPS = 6; // shades, as classes of style/model.css

export function confusionTable(told: NonNullable<ModelFacts["confusion"]>): HTMLElement {
  const { genres, counts, measured } = told;
  const head = h("tr", {}, h("th", { scope: "col", class: "corner" }, text.model.labelled), ...genres.map((name) => h("th", { scope: "col" }, h("span", {}, name))));
  const rows = genres.map((name, n) => {
    const row = counts[n] ?? [];
    const total = row.reduce((sum, each) => sum + each, 0) || 1;
    return h("tr", {}, h("th", { scope: "row" }, name), ...row.map((count, k) => cell(count / total, n === k)));
  });
  const table = h("table", { class: `confusion ${isDark() ? "night" : "day"}` }, h("thead", {}, head), h("tbody", {}, ...rows));
  return h(
    "div",
    {},
    h("p", {}, text.model.confusionWords(measured)),
    h("div", { class: "wide", tabindex: "0", role: "region", "aria-label": text.model.confusion }, table),
  );
}

function cell(share: number, diagonal: boolean): HTMLElement {
  const shade = share === 0 ? 0 : Math.min(STEPS, 1 + Math.floor(share * STEPS));
  return h("td", { class: `shade-${shade}${diagonal ? " right" : ""}` }, share === 0 ? "" : percent(share).replace("\u00a0%", ""));
}
