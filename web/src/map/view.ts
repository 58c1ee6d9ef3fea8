// The view "Map": loads it, and joins the canvas with what stands beside it.

import { api, problemOf } from "../api.ts";
import type { Context } from "../context.ts";
import { fill, h } from "../dom.ts";
import type { View } from "../main.ts";
import { busy, trouble } from "../parts.ts";
import type { MapData } from "../schema.ts";
import { text } from "../text.ts";
import { MapDesk } from "./desk.ts";

export class MapView implements View {
  readonly element = h("div", { class: "map-view" }, h("h1", { class: "unseen" }, text.map.title));
  private desk: MapDesk | null = null;
  private asked = false;

  constructor(private readonly context: Context) {}

  show(rest: string): void {
    if (this.desk) this.desk.showTrack(rest);
    else if (!this.asked) void this.load(rest);
  }

  private async load(rest: string): Promise<void> {
    this.asked = true;
    fill(this.element, h("h1", {}, text.map.title), busy(text.map.drawing));
    try {
      this.open(await api.map(), rest);
    } catch (failure) {
      this.asked = false; // another visit tries again
      fill(this.element, h("h1", {}, text.map.title), trouble(problemOf(failure)));
    }
  }

  private open(map: MapData, rest: string): void {
    const desk = new MapDesk(this.context, map);
    this.desk = desk;
    const words = map.kind === "atlas" ? text.map.aboutAtlas(map.count, map.model) : text.map.about(map.count, map.model);
    fill(
      this.element,
      h("h1", { class: "unseen" }, text.map.title),
      h("p", { class: "lead" }, words, map.note && ` ${map.note}`),
      desk.element,
    );
    desk.showTrack(rest);
  }
}
