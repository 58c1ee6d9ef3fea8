// Picks a track out of the indexed collection: by words of its tags, or by what it sounds like.

import { api, problemOf } from "../api.ts";
import type { Context } from "../context.ts";
import { fill, h, Latest } from "../dom.ts";
import { busy, note, trackRow, trouble } from "../parts.ts";
import { text } from "../text.ts";

const AT_ONCE = 30; // tracks
const PAUSE_MS = 200; // after the last letter

export class Picker {
  readonly element = h("section", { class: "picker" });
  private readonly results = h("ol", { class: "rows", "aria-label": text.picker.results });
  private readonly said = h("div", { role: "status" });
  private readonly input = h("input", { type: "search", placeholder: text.picker.placeholder, "aria-label": text.picker.search });
  private readonly latest = new Latest();
  private timer = 0;

  constructor(private readonly context: Context) {
    if (!context.hasCollection) return;
    const way = h(
      "select",
      { "aria-label": text.picker.way },
      h("option", { value: "names" }, text.picker.byName),
      h("option", { value: "sound" }, text.picker.bySound),
    );
    const ask = () => void this.ask(way.value === "sound");
    this.input.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = window.setTimeout(ask, PAUSE_MS);
    });
    way.addEventListener("change", () => {
      this.input.placeholder = way.value === "sound" ? text.picker.wish : text.picker.placeholder;
      ask();
    });
    const heading = h("h2", {}, text.picker.title(context.state.collection?.count ?? 0));
    fill(this.element, heading, h("div", { class: "search" }, this.input, way), this.said, this.results);
    ask();
  }

  private async ask(bySound: boolean): Promise<void> {
    const words = this.input.value.trim();
    if (bySound && !words) return this.show([], [note(text.picker.say)]);
    if (bySound) fill(this.said, busy(text.picker.searching));
    const answer = bySound ? this.bySound(words) : this.byName(words);
    await this.latest.of(answer, ([rows, said]) => this.show(rows, said), (failure) => this.show([], [trouble(problemOf(failure))]));
    return undefined;
  }

  private show(rows: HTMLElement[], said: HTMLElement[]): void {
    fill(this.results, ...rows);
    fill(this.said, ...said);
  }

  private async byName(words: string, offset = 0): Promise<[HTMLElement[], HTMLElement[]]> {
    const { total, tracks } = await api.tracks(words, AT_ONCE, offset);
    const shown = offset + tracks.length;
    const said = h("p", { class: "quiet" }, text.picker.count(total, shown));
    const rows = tracks.map((item) => trackRow(this.context, item));
    if (shown < total) rows.push(this.more(words, shown, Math.min(AT_ONCE, total - shown)));
    return [rows, [said]];
  }

  // A row with a button that puts the next ones in its place.
  private more(words: string, shown: number, count: number): HTMLLIElement {
    const button = h("button", { type: "button" }, text.picker.more(count));
    const row = h("li", { class: "row more" }, button);
    button.addEventListener("click", () => {
      button.disabled = true;
      const put = ([rows, said]: [HTMLElement[], HTMLElement[]]) => {
        row.replaceWith(...rows);
        fill(this.said, ...said);
        rows[0]?.querySelector("a")?.focus(); // where the button was
      };
      void this.latest.of(this.byName(words, shown), put, (failure) => row.replaceChildren(trouble(problemOf(failure))));
    });
    return row;
  }

  private async bySound(words: string): Promise<[HTMLElement[], HTMLElement[]]> {
    const { found, lines, notes } = await api.find(words);
    const said = [...lines, ...notes].map((line) => h("p", { class: "quiet" }, line));
    const rows = found.map(({ item, words: why }) => trackRow(this.context, item, h("span", { class: "why quiet" }, why)));
    return [rows, rows.length ? said : [...said, note(text.picker.nothing)]];
  }
}
