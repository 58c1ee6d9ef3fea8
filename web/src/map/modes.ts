// By what dots are coloured: classes, of which each dot has one, or five ranges of a number.
//
// The scales are those of src/earmark/plots/collection_map.py; a genre has a shape beside its colour.

import { percent } from "../numbers.ts";
import { genreColour, genreOutline, type Outline, QUIET } from "../palette.ts";
import type { Colour, MapData } from "../schema.ts";
import { text } from "../text.ts";

const SHARES = {
  light: ["#c3cad2", "#febb81", "#f8765c", "#b63679", "#5f187f"],
  dark: ["#404850", "#8c2981", "#d3436e", "#f8765c", "#fcc98f"],
};
const SIGNED = {
  light: ["#2166ac", "#7fb3d5", "#b9bfc6", "#f0975f", "#b2182b"],
  dark: ["#5a9fe0", "#7fa9c9", "#6d747c", "#f0a070", "#ff6f61"],
};
const RANGES = 5;

export interface Mode {
  name: string;
  labels: string[];
  light: string[];
  dark: string[];
  shapes: Outline[];
  classes: Uint8Array; // of each dot its place among the labels
  ranked: boolean; // the highest is what one looks for, and lies above the others
}

export function byGenre(map: MapData): Mode {
  const index = map.genres.map((_, n) => n);
  const inks = (dark: boolean) => [...index.map((n) => genreColour(n, dark)), QUIET];
  return {
    name: text.map.genre,
    labels: [...map.genres, map.kind === "atlas" ? text.map.noLabel : text.map.noGenre],
    light: inks(false),
    dark: inks(true),
    shapes: [...index.map(genreOutline), genreOutline(-1)],
    classes: Uint8Array.from(map.genre, (n) => (n < 0 ? map.genres.length : n)),
    ranked: false,
  };
}

// How many of a dot's true neighbours are its nearest on this map.
export function byKept(name: string, kept: number[]): Mode {
  return ranges(name, kept, 0, 1, false);
}

export function byNumber(name: string, { values, low, high }: Colour): Mode {
  return ranges(name, values, low, high, low < 0);
}

function ranges(name: string, values: (number | null)[], low: number, high: number, signed: boolean): Mode {
  const [from, to] = signed ? [-1, 1] : [Math.min(0, low), Math.max(high, low + 1e-6)];
  const step = (to - from) / RANGES;
  const words = (n: number) => (signed ? (from + n * step).toFixed(1).replace("-", "−") : percent(from + n * step));
  const scale = signed ? SIGNED : SHARES;
  return {
    name,
    labels: [...Array.from({ length: RANGES }, (_, n) => text.map.range(words(n), words(n + 1))), text.map.notTold],
    light: [...scale.light, QUIET],
    dark: [...scale.dark, QUIET],
    shapes: Array.from({ length: RANGES + 1 }, () => genreOutline(-1)),
    classes: Uint8Array.from(values, (value) => (value === null ? RANGES : Math.max(0, Math.min(RANGES - 1, Math.floor((value - from) / step))))),
    ranked: true,
  };
}

// In which order dots are drawn: shuffled, the same each time, so that no class lies over another; of ranges the highest
// last.
export function drawingOrder({ classes, ranked }: Mode): Uint32Array {
  const order = Uint32Array.from(classes, (_, n) => n);
  let state = 12345;
  for (let n = order.length - 1; n > 0; n--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0; // a linear congruence: enough to shuffle
    const other = state % (n + 1);
    const kept = order[n] ?? 0;
    order[n] = order[other] ?? 0;
    order[other] = kept;
  }
  if (!ranked) return order;
  const rank = (n: number) => (classes[n] === RANGES ? -1 : (classes[n] ?? 0));
  return order.sort((one, other) => rank(one) - rank(other));
}

export function countsOf({ classes, labels }: Mode): number[] {
  const counts = labels.map(() => 0);
  for (const each of classes) counts[each] = (counts[each] ?? 0) + 1;
  return counts;
}
