// Tracks of the collection that are like this one, why, and the seconds of both that are most alike, to be heard.

import { api, problemOf } from "../api.ts";
import type { Context } from "../context.ts";
import { titleOf } from "../context.ts";
import { coverOf } from "../cover.ts";
import { fill, h, Latest } from "../dom.ts";
import { bounded, span } from "../numbers.ts";
import { busy, factsOf, note, playButton, SMALL, trouble } from "../parts.ts";
import type { Heard, Match, Similar, Span } from "../schema.ts";
import { text } from "../text.ts";

const LEAST_S = 10; // as long as the segments are that are named as alike; what is much shorter says too little

export class SimilarTracks {
  readonly element = h("section", { class: "similar" });
  private readonly list = h("ol", { class: "rows" });
  private readonly said = h("div", { role: "status" });
  private readonly latest = new Latest();

  constructor(
    private readonly context: Context,
    private readonly heard: Heard,
  ) {
    fill(this.element, h("h2", {}, text.similar.title));
    if (!context.hasCollection) {
      this.element.append(h("p", { class: "quiet" }, context.state.no_collection || text.similar.noCollection));
      return;
    }
    this.element.append(this.choice(), this.said, this.list);
    void this.ask(null);
  }

  private choice(): HTMLElement {
    const { decisive, duration_s } = this.heard.track;
    const wide = decisive.map((each) => widened(each, duration_s));
    const select = h(
      "select",
      {},
      h("option", { value: "" }, text.similar.whole),
      ...decisive.map((each, n) => h("option", { value: String(n) }, wordsOf(each, wide[n] ?? each))),
    );
    select.addEventListener("change", () => void this.ask(select.value === "" ? null : (wide[Number(select.value)] ?? null)));
    return h("label", { class: "inline" }, text.similar.to, select);
  }

  private async ask(segment: Span | null): Promise<void> {
    fill(this.said, busy(text.similar.asking));
    await this.latest.of(
      api.similar(this.heard.id, segment),
      (found) => this.show(found),
      (failure) => {
        fill(this.list);
        fill(this.said, trouble(problemOf(failure)));
      },
    );
  }

  private show({ matches, warning }: Similar): void {
    fill(this.said, warning && note(warning), !matches.length && h("p", { class: "quiet" }, text.similar.none));
    fill(this.list, ...matches.map((match) => this.row(match)));
  }

  private row({ item, how_close, relation, reason }: Match): HTMLElement {
    const here = this.context.soundOf(this.heard);
    const there = this.context.soundOfItem(item);
    const { segments } = reason;
    const pair = segments && [
      here && playButton(this.context, here, text.similar.here(span(segments.here.start_s, segments.here.end_s)), segments.here.start_s, segments.here.end_s),
      playButton(this.context, there, text.similar.there(span(segments.there.start_s, segments.there.end_s)), segments.there.start_s, segments.there.end_s),
    ];
    return h(
      "li",
      { class: "row", "data-id": item.id },
      playButton(this.context, there, "", 0, null, text.player.playTrack(titleOf(item))),
      coverOf(item.cover, SMALL),
      h(
        "div",
        { class: "words" },
        h("a", { href: `#/listen/${item.id}` }, titleOf(item)),
        h("span", { class: "quiet" }, ` ${factsOf(item)}`),
        h("span", { class: "why" }, [how_close, relation, both(reason)].filter(Boolean).join("; ")),
      ),
      pair && h("span", { class: "pair" }, ...pair),
    );
  }
}

// Seconds with so many around them that there is something to compare.
function widened({ start_s, end_s }: Span, duration_s: number): Span {
  const length_s = Math.min(Math.max(end_s - start_s, LEAST_S), duration_s);
  const first_s = bounded((start_s + end_s - length_s) / 2, 0, duration_s - length_s);
  return { start_s: round(first_s), end_s: round(first_s + length_s) };
}

function round(seconds: number): number {
  return Math.floor(1000 * seconds) / 1000;
}

function wordsOf(decisive: Span, wide: Span): string {
  const [times, more] = [decisive, wide].map((each) => span(each.start_s, each.end_s)) as [string, string];
  return times === more ? text.similar.seconds(times) : text.similar.around(times, more);
}

// What both are; the seconds that are alike stand on the buttons.
function both({ genres, tags, moods }: Match["reason"]): string {
  const names = [...new Set([...genres, ...tags, ...moods])];
  return names.length ? text.similar.both(names.join(", ")) : "";
}
