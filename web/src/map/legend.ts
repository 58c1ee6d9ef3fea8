// What the colours mean, with a box for each class to hide it.

import { h, s } from "../dom.ts";
import { fill } from "../dom.ts";
import { text } from "../text.ts";
import { countsOf, type Mode } from "./modes.ts";

export function legend(mode: Mode, dark: boolean, toggle: (label: number, shown: boolean) => void): HTMLElement {
  const counts = countsOf(mode);
  const rows = mode.labels.map((label, n) => {
    if (!counts[n]) return null;
    const box = h("input", { type: "checkbox", checked: true });
    box.addEventListener("change", () => toggle(n, box.checked));
    const points = (mode.shapes[n] ?? []).map(([x, y]) => `${x},${-y}`).join(" ");
    const mark = s("svg", { viewBox: "-1.3 -1.3 2.6 2.6", "aria-hidden": "true" }, s("polygon", { points, fill: (dark ? mode.dark : mode.light)[n] ?? "" }));
    return h("label", {}, box, mark, h("span", {}, label), h("span", { class: "quiet" }, String(counts[n])));
  });
  const list = h("div", { class: "legend" });
  fill(list, ...rows);
  const all = (shown: boolean) => () => {
    for (const box of list.querySelectorAll("input")) box.checked = shown;
    mode.labels.forEach((_, n) => toggle(n, shown));
  };
  return h(
    "section",
    {},
    h("h2", {}, text.map.colouredBy(mode.name)),
    list,
    h("p", { class: "buttons" }, h("button", { type: "button", onclick: all(true) }, text.map.all), h("button", { type: "button", onclick: all(false) }, text.map.none)),
  );
}
