// Small parts that several views show: problems, buttons that play, lists of tracks.

import type { Problem } from "./api.ts";
import type { Context } from "./context.ts";
import { titleOf } from "./context.ts";
import { coverOf } from "./cover.ts";
import { h } from "./dom.ts";
import { clock, percent } from "./numbers.ts";
import type { Player, Sound } from "./player.ts";
import type { Item } from "./schema.ts";
import { text } from "./text.ts";

export const SMALL = 40; // pixels of a cover in a list

// What went wrong, and what to do.
export function trouble(problem: Problem): HTMLElement {
  return h("p", { class: "remark problem", role: "alert" }, problem.message, problem.hint && h("span", { class: "quiet" }, ` ${problem.hint}`));
}

export function note(words: string): HTMLElement {
  return h("p", { class: "remark" }, words);
}

export function busy(words: string): HTMLElement {
  return h("p", { class: "busy", role: "status" }, words);
}

// A button that plays some seconds, and stops them when it is pressed again.
export function playButton(context: Context, sound: Sound, words: string, start_s = 0, end_s: number | null = null, label = ""): HTMLButtonElement {
  const { player } = context;
  const icon = h("span", { class: "icon", "aria-hidden": "true" }, "▶");
  const button = h("button", { type: "button", class: "play" }, icon, words && h("span", {}, words));
  button.setAttribute("aria-label", label || text.player.playSpan(words, sound.title));
  button.dataset.plays = keyOf(sound, start_s, end_s);
  button.addEventListener("click", () => {
    if (player.sound && button.dataset.plays === keyOf(player.sound, player.start_s, player.end_s) && player.playing) player.toggle();
    else player.play(sound, start_s, end_s);
  });
  return button;
}

function keyOf(sound: Sound, start_s: number, end_s: number | null): string {
  return `${sound.id}|${start_s}|${end_s ?? ""}`;
}

// Show of every such button on the page whether its seconds are played now.
export function markPlayButtons(player: Player): void {
  const now = player.sound && player.playing ? keyOf(player.sound, player.start_s, player.end_s) : "";
  for (const button of document.querySelectorAll<HTMLButtonElement>("button.play")) {
    const on = button.dataset.plays === now;
    if (on === button.classList.contains("on")) continue;
    button.classList.toggle("on", on);
    button.setAttribute("aria-pressed", String(on));
    const icon = button.querySelector(".icon");
    if (icon) icon.textContent = on ? "❚❚" : "▶";
  }
}

// A track in a list: played from its name, with a way to its page.
export function trackRow(context: Context, item: Item, ...more: (Node | string | false)[]): HTMLLIElement {
  const sound = context.soundOfItem(item);
  return h(
    "li",
    { class: "row", "data-id": item.id },
    playButton(context, sound, "", 0, null, text.player.playTrack(titleOf(item))),
    coverOf(item.cover, SMALL),
    h(
      "div",
      { class: "words" },
      h("a", { href: `#/listen/${item.id}` }, titleOf(item)),
      h("span", { class: "quiet" }, ` ${factsOf(item)}`),
      ...more,
    ),
  );
}

export function factsOf(item: Item): string {
  const genre = item.genre && `${item.genre} ${percent(item.probability)}`;
  return [item.year.slice(0, 4), clock(item.duration_s), genre].filter((each) => each).join(", ");
}

// A form's field with its name above it.
export function field(name: string, input: HTMLElement, hint = ""): HTMLLabelElement {
  return h("label", { class: "field" }, h("span", {}, name), input, hint && h("span", { class: "quiet" }, hint));
}
