// A playlist as it is shown: how it was understood, its tracks with why they are there, and ways to play and keep it.

import { api, problemOf } from "./api.ts";
import type { Context } from "./context.ts";
import { fill, h } from "./dom.ts";
import { clock } from "./numbers.ts";
import { note, trackRow, trouble } from "./parts.ts";
import type { Playlist, PlaylistWish } from "./schema.ts";
import { text } from "./text.ts";

const FORMATS = ["m3u8", "xspf", "json"];

export function listing(context: Context, made: Playlist, wish: PlaylistWish): HTMLElement {
  const said = h("div", { role: "status" });
  const name = h("input", { type: "text", value: text.make.name, "aria-label": text.make.listName });
  const again: PlaylistWish = made.seed === undefined ? wish : { ...wish, seed: made.seed }; // the same list, in a file
  const save = (format: string) =>
    h("button", { type: "button", onclick: () => void download(again, format, name.value.trim() || text.make.name, said) }, format.toUpperCase());
  const playAll = () => context.player.playAll(made.tracks.map(({ item }) => context.soundOfItem(item)));
  const rows = made.tracks.map(({ item, why }) => trackRow(context, item, why !== "" && h("span", { class: "why quiet" }, why)));
  return h(
    "div",
    { class: "listing" },
    ...made.understood.map((words) => h("p", {}, words)),
    ...made.notes.map(note),
    h("p", { class: "quiet", role: "status" }, text.make.count(made.tracks.length, clock(made.length_s), made.seed)),
    made.tracks.length > 0 &&
      h("div", { class: "buttons" }, h("button", { type: "button", class: "first", onclick: playAll }, text.make.playAll), h("label", { class: "inline" }, text.make.keep, name), ...FORMATS.map(save)),
    said,
    h("ol", { class: "rows numbered" }, ...rows),
  );
}

async function download(wish: PlaylistWish, format: string, name: string, said: HTMLElement): Promise<void> {
  try {
    const address = URL.createObjectURL(await api.playlistFile(wish, format, name));
    h("a", { href: address, download: `${name}.${format}` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
    fill(said, h("p", { class: "quiet" }, text.make.saved(`${name}.${format}`)));
  } catch (failure) {
    fill(said, trouble(problemOf(failure)));
  }
}
