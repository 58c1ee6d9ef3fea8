// The view "Model": what the network was trained on, how good it is, what was found in it, what not to use it for.

import { api, problemOf } from "../api.ts";
import type { Context } from "../context.ts";
import { fill, h } from "../dom.ts";
import type { View } from "../main.ts";
import { percent } from "../numbers.ts";
import { busy, trouble } from "../parts.ts";
import type { ModelFacts } from "../schema.ts";
import { text } from "../text.ts";
import { confusionTable } from "./confusion.ts";
import { reliabilityPlot } from "./reliability.ts";

export class ModelView implements View {
  readonly element = h("div", { class: "model" });
  private asked = false;

  constructor(private readonly context: Context) {}

  show(): void {
    if (!this.asked) void this.load();
  }

  private async load(): Promise<void> {
    this.asked = true;
    fill(this.element, h("h1", {}, text.model.title), busy(text.model.loading));
    try {
      fill(this.element, h("h1", {}, text.model.title), ...this.parts(await api.model()));
    } catch (failure) {
      this.asked = false; // another visit tries again
      fill(this.element, h("h1", {}, text.model.title), trouble(problemOf(failure)));
    }
  }

  private parts(facts: ModelFacts): (HTMLElement | null)[] {
    const none = h("p", { class: "quiet" }, text.model.notMeasured);
    return [
      h("p", {}, text.model.about(`${facts.name} ${facts.version}`, facts.licence, facts.created, this.context.state.version)),
      section(text.model.notFor, h("p", { class: "remark" }, text.model.notForWords(facts.not_for))),
      section(text.model.trained, ...trained(facts)),
      section(text.model.good, ...figures(facts)),
      section(text.model.confusion, facts.confusion ? confusionTable(facts.confusion) : none.cloneNode(true)),
      section(text.model.calibration, facts.reliability ? reliabilityPlot(facts.reliability) : none.cloneNode(true)),
      section(text.model.tags, ...tagTable(facts)),
      section(text.model.claims, ...claims(facts)),
    ];
  }
}

function section(title: string, ...parts: (Node | null)[]): HTMLElement {
  return h("section", {}, h("h2", {}, title), ...parts);
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function pairs(rows: [string, string][]): HTMLElement {
  return h("table", { class: "pairs" }, h("tbody", {}, ...rows.map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, value)))));
}

function trained({ trained_on: on, hears }: ModelFacts): HTMLElement[] {
  const sets = Object.entries((on.clips ?? {}) as Record<string, number>).map(([name, count]) => `${name} ${count.toLocaleString("en")}`);
  const genres = (hears.genres ?? []) as string[];
  const rows: [string, string][] = [
    [text.model.sets, sets.join(", ")],
    [text.model.genres, genres.join(", ")],
    [text.model.window, text.model.windowWords(Number(hears.window_s ?? 0), Number(hears.tokens ?? 0))],
    [text.model.parameters, (number(on.parameters) ?? 0).toLocaleString("en")],
  ];
  return [pairs(rows.filter(([, value]) => value && value !== "0"))];
}

function figures({ figures: told, limits }: ModelFacts): HTMLElement[] {
  const share = (name: string) => {
    const value = number(told[name]);
    return value === null ? "" : percent(value);
  };
  const between = share("accuracy_low") && text.model.between(share("accuracy_low"), share("accuracy_high"));
  const rows: [string, string][] = [
    [text.model.accuracy, [share("accuracy"), between].filter(Boolean).join(" ")],
    [text.model.top2, share("top2")],
    [text.model.coverage, [share("coverage"), number(told.mean_set_size) && text.model.setSize((number(told.mean_set_size) ?? 0).toFixed(1))].filter(Boolean).join(" ")],
    [text.model.ece, share("ece")],
    [text.model.clips, text.model.clipsWords(number(told.n) ?? 0, number(told.n_artists) ?? 0, String(told.protocol ?? ""))],
  ];
  const weakest = (limits as { weakest?: string } | null)?.weakest;
  return [pairs(rows.filter(([, value]) => value)), ...(weakest ? [h("p", {}, text.model.weakest(weakest))] : [])];
}

interface Tags {
  auc?: number;
  n?: number;
  n_artists?: number;
  each?: { name: string; group: string; auc: number | null; judged_by: string }[];
}

function tagTable(facts: ModelFacts): HTMLElement[] {
  const tags = facts.tags as Tags | null;
  if (!tags?.each) return [h("p", { class: "quiet" }, text.model.noTags)];
  const rows = [...tags.each]
    .sort((one, other) => one.group.localeCompare(other.group) || (other.auc ?? 0) - (one.auc ?? 0))
    .map((tag) => h("tr", {}, h("th", { scope: "row" }, tag.name), h("td", {}, tag.group), h("td", { class: "share" }, tag.auc === null ? "" : tag.auc.toFixed(2)), h("td", {}, tag.judged_by)));
  const head = h("tr", {}, ...text.model.tagColumns.map((name) => h("th", { scope: "col" }, name)));
  return [
    h("p", {}, text.model.tagsWords(tags.each.length, tags.auc?.toFixed(2) ?? "", tags.n ?? 0, tags.n_artists ?? 0)),
    h("details", {}, h("summary", {}, text.model.allTags), wide(text.model.tags, h("table", { class: "lined" }, h("thead", {}, head), h("tbody", {}, ...rows)))),
  ];
}

function claims({ claims: told }: ModelFacts): HTMLElement[] {
  if (!told) return [h("p", { class: "quiet" }, text.model.notMeasured)];
  const rows = told.rows.map(({ claim, verdict, figure }) => h("tr", { "data-verdict": verdict }, h("td", {}, claim), h("td", {}, verdict), h("td", {}, figure)));
  const head = h("tr", {}, ...text.model.claimColumns.map((name) => h("th", { scope: "col" }, name)));
  return [h("p", {}, told.about), wide(text.model.claims, h("table", { class: "lined claims" }, h("thead", {}, head), h("tbody", {}, ...rows)))];
}

// A table that may be wider than a phone scrolls by itself, also by keys.
export function wide(name: string, table: HTMLElement): HTMLElement {
  return h("div", { class: "wide", tabindex: "0", role: "region", "aria-label": name }, table);
}
