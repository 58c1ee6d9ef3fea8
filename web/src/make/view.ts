// The view "Make": playlists, and pieces that are generated, from the inputs that the commands have.

import type { Context } from "../context.ts";
import { fill, h } from "../dom.ts";
import type { View } from "../main.ts";
import { note } from "../parts.ts";
import { text } from "../text.ts";
import { PieceForm } from "./piece.ts";
import { PlaylistForm } from "./playlist.ts";

export class MakeView implements View {
  readonly element = h("div", { class: "make" });

  constructor(context: Context) {
    const { state } = context;
    fill(this.element, h("h1", {}, text.make.title));
    if (!context.hasCollection) {
      this.element.append(note(state.no_collection || text.make.noCollection));
      return;
    }
    const piece = state.generate
      ? new PieceForm(context).element
      : h("section", {}, h("h2", {}, text.piece.title), h("p", { class: "remark" }, text.piece.notThere));
    this.element.append(new PlaylistForm(context).element, piece);
  }

  show(): void {}
}
