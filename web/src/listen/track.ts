// The page of a track: what it is, the track over time, why, what is like it, and a word to teach.

import type { Context } from "../context.ts";
import { coverOf } from "../cover.ts";
import { h } from "../dom.ts";
import { playButton } from "../parts.ts";
import type { Heard, Without } from "../schema.ts";
import { text } from "../text.ts";
import { answerOf, genreBars, lengthOf } from "./answer.ts";
import { Decisive } from "./decisive.ts";
import { SimilarTracks } from "./similar.ts";
import { Teach } from "./teach.ts";
import { Timeline } from "./timeline.ts";

const LARGE = 112; // pixels of the cover

export class TrackPage {
  readonly element: HTMLElement;
  private readonly timeline: Timeline;
  private readonly decisive: Decisive;
  private readonly teach: Teach;

  constructor(
    context: Context,
    readonly heard: Heard,
    explain: (heard: Heard) => Promise<Heard>,
  ) {
    this.timeline = new Timeline(context, heard);
    this.decisive = new Decisive(context, heard, explain);
    this.teach = new Teach(context, heard);
    const item = heard.item ?? null;
    const sound = context.soundOf(heard);
    const facts = [item?.artist, item?.album, item?.year, lengthOf(heard.track), text.track.heardBy(heard.track.model)];
    const cover = coverOf(item?.cover ?? `/api/tracks/${encodeURIComponent(heard.id)}/cover`, LARGE, text.cover.of(item?.album || item?.title || heard.name));
    const head = h(
      "div",
      { class: "head" },
      cover,
      sound && playButton(context, sound, text.player.play, 0, null, text.player.playTrack(sound.title)),
      h("div", {}, h("h1", {}, item ? item.title : heard.name), h("p", { class: "quiet" }, facts.filter(Boolean).join(", "))),
    );
    this.element = h(
      "article",
      { class: "track", "data-id": heard.id },
      head,
      answerOf(heard),
      this.timeline.element,
      h("p", { class: "quiet legend" }, text.lanes.legend),
      h("div", { class: "columns" }, this.decisive.element, genreBars(heard.track, context.state.genres)),
      h("div", { class: "columns" }, new SimilarTracks(context, heard).element, this.teach.element),
      !sound && h("p", { class: "quiet" }, text.track.noSound),
    );
  }

  draw(): void {
    this.timeline.draw();
  }

  close(): void {
    this.timeline.close();
    this.teach.close();
  }

  tellWithout(without: Without | null): void {
    if (without) this.decisive.tell(without);
  }
}
