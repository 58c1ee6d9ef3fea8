// The seconds that decided, as buttons that play them, and what the answer would be without them.

import { Problem, problemOf } from "../api.ts";
import type { Context } from "../context.ts";
import { fill, h } from "../dom.ts";
import { percent, signed, span } from "../numbers.ts";
import { busy, playButton, trouble } from "../parts.ts";
import type { Heard, Segment, Without } from "../schema.ts";
import { text } from "../text.ts";

export class Decisive {
  readonly element: HTMLElement;
  private readonly without = h("div", { class: "without" });

  constructor(
    private readonly context: Context,
    private readonly heard: Heard,
    private readonly explain: (heard: Heard) => Promise<Heard>,
  ) {
    const items = heard.track.decisive.map((segment) => this.item(segment));
    this.element = h(
      "section",
      {},
      h("h2", {}, text.track.decisive),
      items.length ? h("ul", { class: "rows" }, ...items) : h("p", { class: "quiet" }, text.track.noneDecisive),
      this.without,
    );
    if (items.length) this.tell(heard.without);
  }

  // What is left without them, or a way to ask for it.
  tell(without: Without | null): void {
    if (!without) {
      fill(this.without, h("button", { type: "button", onclick: () => void this.ask() }, text.track.askWithout));
      return;
    }
    const near = without.neighbours.slice(0, 3).map((each) => [each.artist, each.title || each.name].filter(Boolean).join(" – ") + ` (${each.genre})`);
    fill(
      this.without,
      h("p", { class: "remark" }, without.sentence),
      h("p", { class: "quiet" }, text.track.change(signed(without.change), without.without_random === null ? "" : signed(without.without_random))),
      near.length > 0 && h("p", { class: "quiet" }, text.track.nearest(near.join("; "))),
    );
  }

  private item(segment: Segment): HTMLElement {
    const { heard } = this;
    const times = span(segment.start_s, segment.end_s);
    const sound = this.context.soundOf(heard);
    const genre = Object.keys(heard.track.genres)[0] ?? "";
    const facts = [
      segment.probability !== null && text.track.alone(genre, percent(segment.probability)),
      segment.evidence === null ? text.track.attention(percent(segment.attention)) : text.track.evidence(percent(segment.evidence)),
    ].filter((each) => each);
    const button = sound ? playButton(this.context, sound, times, segment.start_s, segment.end_s) : h("span", {}, times);
    return h("li", { class: "row" }, button, h("span", { class: "quiet words" }, facts.join(", ")));
  }

  private async ask(): Promise<void> {
    fill(this.without, busy(text.track.askingWithout));
    try {
      const { without } = await this.explain(this.heard);
      if (!without) throw new Problem(0, text.track.noWithout);
      this.tell(without);
    } catch (failure) {
      fill(this.without, trouble(problemOf(failure)));
    }
  }
}
