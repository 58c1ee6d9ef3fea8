// A playlist: near songs and words, along a path, or through moods. As `earmark playlist` has it.

import { api, problemOf } from "../api.ts";
import { Combobox } from "../combobox.ts";
import type { Context } from "../context.ts";
import { fill, h, Latest } from "../dom.ts";
import { listing } from "../listing.ts";
import { busy, field, trouble } from "../parts.ts";
import type { PlaylistWish } from "../schema.ts";
import { text } from "../text.ts";
import { numberInput, numberOf, Wishes, ways } from "./inputs.ts";

export class PlaylistForm {
  readonly element: HTMLElement;
  private readonly like = new Wishes(text.make.like, text.make.likeExample);
  private readonly from = new Combobox(text.make.from, text.make.songExample);
  private readonly to = new Combobox(text.make.to, text.make.genreExample);
  private readonly arc = h("input", { type: "text", placeholder: text.make.arcExample });
  private readonly count = numberInput({ min: 1, max: 500, value: 20 });
  private readonly minutes = numberInput({ min: 1, max: 1440, placeholder: text.make.anyLength });
  private readonly spread = h("input", { type: "range", min: "0", max: "1", step: "0.05", value: "0.2" });
  private readonly seed = numberInput({ min: 0, placeholder: text.make.anySeed });
  private readonly spacing = numberInput({ min: 0, max: 100, value: 5 });
  private readonly never = h("input", { type: "text", placeholder: text.make.neverExample });
  private readonly allKinds = h("input", { type: "checkbox" });
  private readonly result = h("div", { class: "result" });
  private readonly latest = new Latest();
  private way = "like";

  constructor(private readonly context: Context) {
    const how = ways(
      text.make.how,
      [
        ["like", text.make.wayLike, h("div", {}, h("p", { class: "quiet" }, text.make.likeAbout), this.like.element)],
        ["path", text.make.wayPath, h("div", { class: "pair-of-fields" }, this.named(text.make.from, this.from), this.named(text.make.to, this.to))],
        ["arc", text.make.wayArc, field(text.make.arc, this.arc, text.make.arcAbout)],
      ],
      (way) => {
        this.way = way;
      },
    );
    const form = h(
      "form",
      { class: "playlist-form" },
      how,
      h("div", { class: "pair-of-fields" }, field(text.make.howMany, this.count), field(text.make.minutes, this.minutes)),
      h(
        "details",
        {},
        h("summary", {}, text.make.more),
        field(text.make.spread, this.spread, text.make.spreadAbout),
        h("div", { class: "pair-of-fields" }, field(text.make.spacing, this.spacing), field(text.make.seed, this.seed)),
        field(text.make.never, this.never),
        h("label", { class: "inline" }, this.allKinds, text.make.allKinds),
      ),
      h("button", { type: "submit", class: "first" }, text.make.make),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.make();
    });
    this.element = h("section", { class: "maker" }, h("h2", {}, text.make.playlist), form, this.result);
  }

  private named(name: string, box: Combobox): HTMLElement {
    return h("div", { class: "field" }, h("span", { "aria-hidden": "true" }, name), box.element);
  }

  private wish(): PlaylistWish {
    const minutes = numberOf(this.minutes);
    const never = this.never.value.split(";").map((each) => each.trim()).filter(Boolean);
    const what = { like: { like: this.like.values }, path: { from: this.from.value, to: this.to.value }, arc: { arc: this.arc.value.trim() } };
    return {
      ...what[this.way as keyof typeof what],
      count: minutes === null ? numberOf(this.count) : null,
      length_s: minutes === null ? null : 60 * minutes,
      spread: Number(this.spread.value),
      seed: numberOf(this.seed),
      spacing: numberOf(this.spacing) ?? 5,
      never,
      all_kinds: this.allKinds.checked,
    };
  }

  private make(): void {
    const wish = this.wish();
    fill(this.result, busy(text.make.making));
    void this.latest.of(
      api.playlist(wish),
      (made) => fill(this.result, listing(this.context, made, wish)),
      (failure) => fill(this.result, trouble(problemOf(failure))),
    );
  }
}
