// The colours of every picture, the same as in src/earmark/plots/palette.py; a test compares the two.
//
// A genre's colour never stands without its name or its marker, and the scale of amounts rises in lightness all the way.

export const SEQUENTIAL = ["#000004", "#231151", "#5f187f", "#982d80", "#d3436e", "#f8765c", "#febb81", "#fcfdbf"];
export const GENRE_COLOURS = [
  "#cc6677", "#332288", "#ddcc77", "#117733", "#88ccee", "#882255", "#44aa99", "#999933", "#aa4499",
  "#661100", "#ffaabb", "#0077bb", "#bbcc33", "#004488", "#997700", "#dd8866", "#66aa55", "#6655cc",
];
export const GENRE_MARKERS = ["o", "s", "^", "D", "v", "P", "X", "*", "<", ">"];
export const ACCENT = "#ee7733";
export const QUIET = "#8899aa";

const DARK_PAPER_NEEDS = 110; // lightness, of 255

export type Outline = [number, number][];

export function rgb(colour: string): [number, number, number] {
  const number = Number.parseInt(colour.slice(1), 16);
  return [number >> 16, (number >> 8) & 255, number & 255];
}

function hex(channels: number[]): string {
  return `#${channels.map((each) => Math.round(each).toString(16).padStart(2, "0")).join("")}`;
}

// White mixed into it until it stands on dark paper; its hue is kept.
export function onDarkPaper(colour: string): string {
  const channels = rgb(colour);
  const lightness = 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2];
  const white = Math.max(0, (DARK_PAPER_NEEDS - lightness) / (255 - lightness));
  return hex(channels.map((each) => each + white * (255 - each)));
}

export function genreColour(index: number, dark: boolean): string {
  const colour = index < 0 ? QUIET : (GENRE_COLOURS[index % GENRE_COLOURS.length] ?? QUIET);
  return dark ? onDarkPaper(colour) : colour;
}

export function genreOutline(index: number): Outline {
  return outlineOf(index < 0 ? "o" : (GENRE_MARKERS[index % GENRE_MARKERS.length] ?? "o"));
}

// The scale in 256 steps from none to all, red, green, blue.
export function sequentialTable(): Uint8ClampedArray {
  const anchors = SEQUENTIAL.map(rgb);
  const table = new Uint8ClampedArray(3 * 256);
  for (let n = 0; n < 256; n++) {
    const place = (n / 255) * (anchors.length - 1);
    const low = Math.min(anchors.length - 2, Math.floor(place));
    for (let channel = 0; channel < 3; channel++) {
      const [from, to] = [anchors[low]?.[channel] ?? 0, anchors[low + 1]?.[channel] ?? 0];
      table[3 * n + channel] = from + (place - low) * (to - from);
    }
  }
  return table;
}

export function sequential(share: number, table: Uint8ClampedArray): string {
  const place = 3 * Math.round(255 * Math.min(1, Math.max(0, share)));
  return `rgb(${table[place]} ${table[place + 1]} ${table[place + 2]})`;
}

// The corners of a marker in a circle of about radius 1, y upwards.
function outlineOf(marker: string): Outline {
  const turns: Record<string, () => Outline> = {
    o: () => polygon(20, 90),
    s: () => polygon(4, 45),
    D: () => polygon(4, 90),
    "^": () => polygon(3, 90),
    v: () => polygon(3, -90),
    "<": () => polygon(3, 180),
    ">": () => polygon(3, 0),
    P: () => plus(0),
    X: () => plus(45),
    "*": () => polygon(10, 90, 0.45),
  };
  return (turns[marker] ?? (() => polygon(20, 90)))();
}

function polygon(corners: number, first: number, inner = 1): Outline {
  return Array.from({ length: corners }, (_, n) => {
    const angle = ((first + (360 * n) / corners) * Math.PI) / 180;
    const radius = n % 2 ? inner : 1;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}

function plus(turn: number): Outline {
  const half = 0.36;
  const quarter: Outline = [[half, half], [half, 1], [-half, 1]];
  return [0, 90, 180, 270].flatMap((degrees) => {
    const angle = ((degrees + turn) * Math.PI) / 180;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    return quarter.map(([x, y]): [number, number] => [x * cos - y * sin, x * sin + y * cos]);
  });
}
