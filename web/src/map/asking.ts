// What the map is asked beside it: arithmetic with names, a path, what a lasso caught. The answers are lists.

import { api, problemOf } from "../api.ts";
import { Combobox } from "../combobox.ts";
import type { Context } from "../context.ts";
import { fill, h, Latest } from "../dom.ts";
import { listing } from "../listing.ts";
import { busy, note, trackRow, trouble } from "../parts.ts";
import type { Arithmetic, Item } from "../schema.ts";
import { text } from "../text.ts";

// What is shown on the map of an answer: rings, or a line from the first to the last.
export interface Shown {
  marked(ids: string[] | null): void;
  path(ids: string[]): void;
}

export class Asking {
  readonly element: HTMLElement;
  private readonly results = h("div", { class: "results" });
  private readonly latest = new Latest();
  private readonly combobox: Combobox;
  private picked: string[] = [];

  constructor(
    private readonly context: Context,
    private readonly shown: Shown,
  ) {
    this.combobox = new Combobox(text.map.arithmetic, text.map.arithmeticExample, () => this.solve());
    const form = h("div", { class: "arithmetic" }, this.combobox.element, h("button", { type: "button", class: "first", onclick: () => this.solve() }, text.map.solve));
    this.element = h("section", { class: "asking" }, h("h2", {}, text.map.arithmetic), h("p", { class: "quiet" }, text.map.arithmeticAbout), form, this.results);
  }

  solve(): void {
    if (this.combobox.value) this.ask(api.arithmetic(this.combobox.value), (found) => this.showArithmetic(found));
  }

  path(from: string, to: string): void {
    this.ask(api.path(from, to), (made) => {
      const ids = made.tracks.map(({ item }) => item.id);
      this.shown.path(ids);
      this.put(text.map.pathTitle, listing(this.context, made, { ids, order: "as given" }));
    });
  }

  // Tracks that were drawn around or picked: to be put in an order that is smooth.
  gather(ids: string[], names: (id: string) => string): void {
    this.picked = ids;
    this.shown.path([]);
    this.shown.marked(ids.length ? ids : null);
    if (!ids.length) return this.put(text.map.lassoTitle(0), h("p", { class: "quiet" }, text.map.lassoNone));
    const shownNames = ids.slice(0, 30).map((id) => h("li", {}, names(id)));
    const make = h("button", { type: "button", class: "first", onclick: () => this.makeList() }, text.map.makeList);
    const more = ids.length > 30 && h("p", { class: "quiet" }, text.map.andMore(ids.length - 30));
    return this.put(text.map.lassoTitle(ids.length), h("p", { class: "buttons" }, make), h("ul", { class: "plain" }, ...shownNames), more);
  }

  pick(id: string, names: (id: string) => string): void {
    this.gather(this.picked.includes(id) ? this.picked : [...this.picked, id], names);
  }

  say(words: string): void {
    fill(this.results, note(words));
  }

  clear(): void {
    this.picked = [];
    fill(this.results);
    this.shown.marked(null);
    this.shown.path([]);
  }

  private makeList(): void {
    const wish = { ids: this.picked, order: "smooth" as const };
    this.ask(api.playlist(wish), (made) => {
      const ids = made.tracks.map(({ item }) => item.id);
      this.shown.path(ids);
      this.put(text.map.listTitle, listing(this.context, made, { ids, order: "as given" }));
    });
  }

  private showArithmetic({ understood, notes, tracks }: Arithmetic): void {
    const score = (value: number) => h("span", { class: "quiet" }, text.map.score(value.toFixed(2)));
    const rows = tracks.map(({ item, score: value }: { item: Item; score: number }) => trackRow(this.context, item, score(value)));
    this.shown.path([]);
    this.shown.marked(tracks.map(({ item }) => item.id));
    this.put(text.map.comesTo, h("p", { class: "quiet" }, understood), ...notes.map(note), h("ol", { class: "rows" }, ...rows));
  }

  private ask<T>(work: Promise<T>, show: (value: T) => void): void {
    fill(this.results, busy(text.map.asking));
    void this.latest.of(work, show, (failure) => fill(this.results, trouble(problemOf(failure))));
  }

  private put(title: string, ...parts: (Node | string | false)[]): void {
    const close = h("button", { type: "button", class: "quietly", onclick: () => this.clear() }, text.map.clear);
    fill(this.results, h("div", { class: "titled" }, h("h3", {}, title), close), ...parts);
    this.results.scrollIntoView({ block: "nearest" });
  }
}
