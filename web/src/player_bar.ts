// The bar at the foot of the page: what is played, where it is, and a way to stop it.

import { h } from "./dom.ts";
import { clock } from "./numbers.ts";
import type { Player } from "./player.ts";
import { text } from "./text.ts";

export function playerBar(player: Player): HTMLElement {
  const toggle = h("button", { type: "button", class: "toggle", onclick: () => player.toggle() });
  const title = h("span", { class: "what" });
  const time = h("span", { class: "time" });
  const place = h("input", { type: "range", min: "0", step: "0.1", "aria-label": text.player.position });
  place.addEventListener("input", () => player.seek(Number(place.value)));
  const trouble = h("p", { class: "trouble", role: "status" });
  const bar = h("footer", { class: "player", hidden: true, "aria-label": text.player.name }, toggle, title, place, time, trouble);

  player.onChange(() => {
    bar.hidden = player.sound === null;
    document.body.classList.toggle("with-player", !bar.hidden);
    toggle.textContent = player.playing ? "❚❚" : "▶";
    toggle.setAttribute("aria-label", player.playing ? text.player.pause : text.player.play);
    title.textContent = player.sound?.title ?? "";
    trouble.textContent = player.trouble;
  });
  player.onMove(() => {
    const length_s = Number.isFinite(player.audio.duration) ? player.audio.duration : 0;
    place.max = String(length_s);
    place.value = String(player.time_s);
    time.textContent = `${clock(player.time_s)} / ${clock(length_s)}`;
    place.setAttribute("aria-valuetext", time.textContent);
  });
  return bar;
}
