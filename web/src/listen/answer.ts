// The answer in words, what else there is to know of how it was heard, tags and mood, and all genres as bars.

import { h, isDark } from "../dom.ts";
import { clock, percent, span } from "../numbers.ts";
import { genreColour } from "../palette.ts";
import type { Heard, HeardTag, Mood, Track } from "../schema.ts";
import { text } from "../text.ts";

const NONE = "none of these";
const SHOWN = 5; // genres, before all are asked for

export function answerOf(heard: Heard): HTMLElement {
  const { track } = heard;
  return h(
    "div",
    { class: "answer" },
    h("p", { class: "sentence" }, heard.sentence),
    ...remarks(track).map((words) => h("p", { class: "remark" }, words)),
    ...chips(heard),
  );
}

function remarks(track: Track): string[] {
  const words = [...track.notes];
  if (track.unread_s > 0) words.push(text.track.unread(Math.round(track.unread_s)));
  if (track.heard_share < 1) words.push(text.track.quickly(percent(track.heard_share)));
  return words;
}

function chips(heard: Heard): HTMLElement[] {
  const { track } = heard;
  const rows: HTMLElement[] = [];
  if (track.mood?.words) rows.push(chipRow(text.track.mood, [[track.mood.words, ""], ...felt(track.mood)]));
  const groups = new Map<string, HeardTag[]>();
  for (const tag of track.heard) groups.set(tag.group, [...(groups.get(tag.group) ?? []), tag]);
  for (const [group, tags] of groups) {
    const name = group === "mood" ? text.track.taggedMood : group || text.track.tags;
    rows.push(chipRow(name, tags.map((tag) => [tag.name, [percent(tag.probability), when(tag)].filter(Boolean).join(" ")])));
  }
  const yours = Object.entries(heard.yours).filter(() => !groups.has("yours"));
  if (yours.length) rows.push(chipRow(text.track.yours, yours.map(([word, share]) => [word, percent(share)])));
  return rows;
}

function felt(mood: Mood): [string, string][] {
  return mood.emotions_told.map((name) => [name, text.track.felt(percent(mood.emotions[name] ?? 0))]);
}

function when(tag: HeardTag): string {
  if (tag.throughout) return text.track.throughout;
  const shown = tag.spans.slice(0, 3).map((each) => span(each.start_s, each.end_s)).join(", ");
  return tag.spans.length > 3 ? `${shown} …` : shown;
}

function chipRow(name: string, chips: [string, string][]): HTMLElement {
  const items = chips.map(([word, more]) => h("li", {}, word, more && h("span", { class: "quiet" }, ` ${more}`)));
  return h("div", { class: "chip-row" }, h("span", { class: "group" }, name), h("ul", { class: "chips", "aria-label": name }, ...items));
}

// All answers with their probabilities; the first few at once.
export function genreBars(track: Track, genres: string[]): HTMLElement {
  const all: [string, number][] = Object.entries(track.genres);
  if (track.outside !== null) all.push([NONE, track.outside]);
  all.sort((one, other) => other[1] - one[1]);
  const rows = all.map(([name, share], n) => {
    const bar = h("span", { class: "bar" });
    bar.style.width = `${100 * share}%`;
    bar.style.background = genreColour(genres.indexOf(name), isDark());
    return h(
      "tr",
      { hidden: n >= SHOWN },
      h("th", { scope: "row" }, name),
      h("td", { class: "share" }, percent(share)),
      h("td", { class: "bars" }, bar),
      h("td", { class: "mark quiet" }, track.genre_set.includes(name) ? text.track.inSet : ""),
    );
  });
  const table = h("table", { class: "genres" }, h("tbody", {}, ...rows));
  const more = h("button", { type: "button", class: "quietly" }, text.track.allGenres(all.length));
  more.addEventListener("click", () => {
    for (const row of rows) row.hidden = false;
    more.remove();
  });
  return h(
    "section",
    {},
    h("h2", {}, text.track.genres),
    table,
    all.length > SHOWN && more,
    h("p", { class: "quiet" }, text.track.setWords),
  );
}

export function lengthOf(track: Track): string {
  return clock(track.duration_s);
}
