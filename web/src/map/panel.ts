// The dot that is chosen: what it is, its true neighbours, and what can be done with it.

import { api } from "../api.ts";
import type { Context } from "../context.ts";
import { coverOf } from "../cover.ts";
import { fill, h, Latest } from "../dom.ts";
import { percent } from "../numbers.ts";
import { playButton } from "../parts.ts";
import type { MapData } from "../schema.ts";
import { text } from "../text.ts";

const MIDDLE = 64; // pixels of the cover

export interface Near {
  place: number;
  cosine: number;
  between: number; // others that lie nearer on the map
  far: boolean;
}

export interface Acts {
  choose(n: number): void;
  pathFrom(n: number): void;
  pick(n: number): void;
}

export class Panel {
  readonly element = h("section", { class: "chosen", "aria-label": text.map.chosen });
  private readonly live = h("p", { class: "unseen", role: "status" });
  private readonly latest = new Latest();

  constructor(
    private readonly context: Context,
    private readonly map: MapData,
    private readonly acts: Acts,
  ) {
    this.clear();
  }

  clear(): void {
    fill(this.element, h("p", { class: "quiet" }, this.map.kind === "atlas" ? text.map.nothingAtlas : text.map.nothing), this.live);
  }

  name(n: number): string {
    return [this.map.artists[n], this.map.titles[n]].filter(Boolean).join(" – ");
  }

  genre(n: number): string {
    const { map } = this;
    const name = map.genres[map.genre[n] ?? -1];
    if (map.kind === "atlas") return name ?? text.map.noLabel; // as people labelled it
    return !name ? text.map.noGenre : `${name} ${percent(map.probability[n] ?? 0)}`;
  }

  // A dot, with its true neighbours. `play`: from the seconds that decided, as soon as they are known.
  show(n: number, near: Near[], play: boolean): void {
    const id = this.map.ids[n] ?? "";
    const facts = h("p", { class: "quiet" }, this.genre(n));
    const buttons = h("p", { class: "buttons" });
    if (id) fill(buttons, ...this.buttons(n, id));
    const far = near.filter((each) => each.far).length;
    fill(
      this.element,
      h("div", { class: "head" }, id !== "" && coverOf(`/api/tracks/${encodeURIComponent(id)}/cover`, MIDDLE), h("div", {}, h("h2", {}, this.name(n)), facts)),
      buttons,
      h("h3", {}, text.map.neighbours),
      h("p", { class: "quiet" }, text.map.trust(near.length, far)),
      h("ol", { class: "near" }, ...near.map((each) => this.row(each))),
      this.live,
    );
    this.live.textContent = `${this.name(n)}: ${this.genre(n)}`;
    if (id) void this.hear(n, id, facts, play);
  }

  private buttons(n: number, id: string): HTMLElement[] {
    const sound = { id, title: this.name(n), source: `/api/tracks/${encodeURIComponent(id)}/audio` };
    return [
      playButton(this.context, sound, text.player.play, 0, null, text.player.playTrack(sound.title)),
      h("a", { class: "button", href: `#/listen/${id}` }, text.map.open),
      h("button", { type: "button", onclick: () => this.acts.pathFrom(n) }, text.map.pathFrom),
      h("button", { type: "button", onclick: () => this.acts.pick(n) }, text.map.pick),
    ];
  }

  private row({ place, cosine, between, far }: Near): HTMLElement {
    const more = far ? text.map.far(between) : "";
    return h(
      "li",
      {},
      h("button", { type: "button", class: "link", onclick: () => this.acts.choose(place) }, this.name(place)),
      h("span", { class: "quiet" }, ` ${cosine.toFixed(2)}${more && `, ${more}`}`),
    );
  }

  private async hear(n: number, id: string, facts: HTMLElement, play: boolean): Promise<void> {
    await this.latest.of(
      api.heard(id),
      (heard) => {
        facts.textContent = [heard.sentence, heard.mood_words].filter(Boolean).join("; ");
        const sound = { id, title: this.name(n), source: `/api/tracks/${encodeURIComponent(id)}/audio` };
        if (play) this.context.player.play(sound, heard.track.decisive[0]?.start_s ?? 0);
      },
      () => undefined, // what the map knows stands there already
    );
  }
}
