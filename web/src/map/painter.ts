// What the map looks like: dots, lines to true neighbours, a path, rings, a lasso, names of regions or of axes.

import { isDark, variable } from "../dom.ts";
import { ACCENT } from "../palette.ts";
import type { Region } from "../schema.ts";
import type { Camera, Cloud } from "./cloud.ts";
import type { Mode } from "./modes.ts";
import { press, type Stamp, stampOf } from "./stamps.ts";

const DIM = 0.16; // opacity of what a search did not find
const MARGIN = 40; // pixels of the picture beyond the canvas, so that no stamp is cut
const LAYERS = 8; // of depth in space, each with its size
const FONT = "system-ui, sans-serif";

export interface Neighbour {
  place: number;
  far: boolean;
}

export interface Scene {
  cloud: Cloud;
  camera: Camera;
  mode: Mode;
  order: Uint32Array;
  radius: number;
  hidden: boolean[];
  marked: Set<number> | null; // all others are dim
  selected: number;
  hovered: number;
  neighbours: Neighbour[];
  path: number[];
  lasso: [number, number][];
  regions: Region[];
  axes: { at: [number, number, number]; words: string }[];
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
  lines: string[];
}

export class Painter {
  private readonly pen: CanvasRenderingContext2D;
  private picture: ImageData | null = null;
  private pixels = new Uint32Array();
  private stamps: { key: string; plain: Stamp[][]; dim: Stamp[][] } = { key: "", plain: [], dim: [] };
  private ratio = 1;
  private inks = { ink: "", paper: "", quiet: "" }; // read once a picture
  private width = 0;
  private height = 0;

  constructor(private readonly canvas: HTMLCanvasElement) {
    this.pen = canvas.getContext("2d") as CanvasRenderingContext2D;
  }

  draw(scene: Scene): void {
    this.resize();
    if (!this.width) return;
    this.inks = { ink: variable("ink"), paper: variable("paper"), quiet: variable("quiet") };
    scene.cloud.project(scene.camera, this.width, this.height);
    this.pen.setTransform(1, 0, 0, 1, 0, 0);
    this.drawDots(scene);
    this.pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.drawAxes(scene);
    this.drawMarked(scene);
    this.drawNeighbours(scene);
    this.drawPath(scene);
    this.drawRegions(scene);
    this.drawLasso(scene);
    if (scene.hovered >= 0) this.ring(scene, scene.hovered, 3, 1.5);
  }

  private resize(): void {
    const { clientWidth, clientHeight } = this.canvas;
    [this.width, this.height] = [clientWidth, clientHeight];
    this.ratio = window.devicePixelRatio || 1;
    const [across, down] = [Math.round(clientWidth * this.ratio), Math.round(clientHeight * this.ratio)];
    if (this.canvas.width !== across || this.canvas.height !== down) [this.canvas.width, this.canvas.height] = [across, down];
  }

  private drawDots(scene: Scene): void {
    const { cloud, mode, hidden, marked } = scene;
    const [across, down] = this.blank();
    const { plain, dim } = this.stampsFor(scene, across);
    const near = new Set([scene.selected, ...scene.path, ...scene.neighbours.map(({ place }) => place)]);
    const stampsOf = (n: number) => (marked && !marked.has(n) && !near.has(n) ? dim : plain)[mode.classes[n] as number] as Stamp[];
    for (const n of cloud.solid ? byDepth(scene) : scene.order) {
      if (hidden[mode.classes[n] as number]) continue;
      const layer = cloud.solid ? Math.min(LAYERS - 1, Math.floor((cloud.depth[n] as number) * LAYERS)) : 0;
      const stamp = stampsOf(n)[layer] as Stamp;
      const x = Math.round((cloud.shownX[n] as number) * this.ratio - stamp.side / 2) + MARGIN;
      const y = Math.round((cloud.shownY[n] as number) * this.ratio - stamp.side / 2) + MARGIN;
      if (x < 0 || y < 0 || x + stamp.side > across || y + stamp.side > down) continue;
      press(this.pixels, y * across + x, stamp);
    }
    if (this.picture) this.pen.putImageData(this.picture, -MARGIN, -MARGIN);
  }

  private blank(): [number, number] {
    const [across, down] = [this.canvas.width + 2 * MARGIN, this.canvas.height + 2 * MARGIN];
    if (this.picture?.width !== across || this.picture.height !== down) {
      this.picture = this.pen.createImageData(across, down);
      this.pixels = new Uint32Array(this.picture.data.buffer);
    }
    this.pixels.fill(0);
    return [across, down];
  }

  // A stamp of each class and layer of depth, plain and dim.
  private stampsFor(scene: Scene, across: number): { plain: Stamp[][]; dim: Stamp[][] } {
    const { mode, radius, cloud } = scene;
    const key = [mode.name, isDark(), radius, this.ratio, across, cloud.solid].join();
    if (this.stamps.key === key) return this.stamps;
    const rim = this.inks.paper;
    const inks = isDark() ? mode.dark : mode.light;
    const layers = cloud.solid ? LAYERS : 1;
    const made = (alpha: number) =>
      inks.map((ink, number) =>
        Array.from({ length: layers }, (_, layer) => {
          const size = cloud.solid ? 0.65 + (0.8 * layer) / (LAYERS - 1) : 1;
          const shape = mode.shapes[number] ?? [];
          return stampOf({ shape, ink, radius: radius * size * this.ratio, alpha, rim }, across);
        }),
      );
    this.stamps = { key, plain: made(0.9), dim: made(DIM) };
    return this.stamps;
  }

  private at({ cloud }: Scene, n: number): [number, number] {
    return [cloud.shownX[n] ?? 0, cloud.shownY[n] ?? 0];
  }

  // Drawn twice: a broad line of paper below the line of ink, so that it stands on any dots.
  private stroke(trace: () => void, ink: string, width: number, dash: number[] = []): void {
    const { pen } = this;
    for (const [colour, wide] of [[this.inks.paper, width + 2], [ink, width]] as const) {
      pen.beginPath();
      trace();
      pen.setLineDash(dash);
      pen.lineWidth = wide;
      pen.strokeStyle = colour;
      pen.stroke();
    }
    pen.setLineDash([]);
  }

  private ring(scene: Scene, n: number, room: number, width: number, ink = this.inks.ink): void {
    const [x, y] = this.at(scene, n);
    this.stroke(() => this.pen.arc(x, y, scene.radius + room, 0, 2 * Math.PI), ink, width);
  }

  private drawMarked(scene: Scene): void {
    if (!scene.marked || scene.marked.size > 500) return; // so many stand out by themselves
    const { pen } = this;
    pen.beginPath();
    for (const n of scene.marked) {
      const [x, y] = this.at(scene, n);
      pen.moveTo(x + scene.radius + 2, y);
      pen.arc(x, y, scene.radius + 2, 0, 2 * Math.PI);
    }
    pen.lineWidth = 1.2;
    pen.strokeStyle = this.inks.ink;
    pen.stroke();
  }

  // Whole where a true neighbour is shown near by, dashed where it is not.
  private drawNeighbours(scene: Scene): void {
    if (scene.selected < 0) return;
    const from = this.at(scene, scene.selected);
    for (const { place, far } of scene.neighbours) {
      this.line(between(from, this.at(scene, place), scene.radius + 3), this.inks.ink, 1.4, far ? [5, 4] : []);
      this.ring(scene, place, 1.5, 1);
    }
    this.ring(scene, scene.selected, 4, 2.5);
  }

  private drawPath(scene: Scene): void {
    if (!scene.path.length) return;
    const places = scene.path.map((n) => this.at(scene, n));
    for (let n = 1; n < places.length; n++) {
      this.line(between(places[n - 1] ?? [0, 0], places[n] ?? [0, 0], scene.radius + 2), ACCENT, 2.5);
    }
    for (const n of scene.path) this.ring(scene, n, 2, 1.5, ACCENT);
    scene.path.forEach((n, rank) => this.words([String(rank + 1)], ...this.at(scene, n), -(scene.radius + 12)));
  }

  private line(points: [number, number][], ink: string, width: number, dash: number[] = []): void {
    this.stroke(() => points.forEach(([x, y], n) => (n ? this.pen.lineTo(x, y) : this.pen.moveTo(x, y))), ink, width, dash);
  }

  private drawLasso({ lasso }: Scene): void {
    if (lasso.length < 2) return;
    const { pen } = this;
    pen.beginPath();
    lasso.forEach(([x, y], n) => (n ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.closePath();
    pen.globalAlpha = 0.15;
    pen.fillStyle = ACCENT;
    pen.fill();
    pen.globalAlpha = 1;
    this.line(lasso, ACCENT, 2);
  }

  private drawAxes(scene: Scene): void {
    const see = scene.cloud.lens(scene.camera, this.width, this.height);
    for (const { at, words } of scene.axes) {
      const [start, end]: [number, number, number][] = [[0, 0, 0], [0, 0, 0]];
      if (!start || !end) continue;
      see(0, 0, 0, start);
      see(...at, end);
      this.line([[start[0], start[1]], [end[0], end[1]]], this.inks.quiet, 1);
      if (words) this.words([words], end[0], end[1], 0);
    }
  }

  // The largest first, none over another.
  private drawRegions(scene: Scene): void {
    const see = scene.cloud.lens(scene.camera, this.width, this.height);
    const kept: Box[] = [];
    for (const region of scene.regions) {
      const at: [number, number, number] = [0, 0, 0];
      see(region.x, region.y, 0, at);
      const box = this.boxOf(region.words.slice(0, 2).map((word) => word.name), at[0], at[1]);
      const inside = box.x >= 0 && box.y >= 0 && box.x + box.width <= this.width && box.y + box.height <= this.height;
      if (inside && kept.every((other) => apart(box, other))) kept.push(box);
    }
    for (const box of kept) this.words(box.lines, box.x + box.width / 2, box.y + box.height / 2, 0);
  }

  private boxOf(lines: string[], x: number, y: number): Box {
    const wide = Math.max(...lines.map((words, row) => this.font(row).measureText(words).width)) + 8;
    const high = 16 * lines.length + 4;
    return { x: x - wide / 2, y: y - high / 2, width: wide, height: high, lines };
  }

  private font(row: number): CanvasRenderingContext2D {
    this.pen.font = row ? `12px ${FONT}` : `600 13px ${FONT}`;
    return this.pen;
  }

  private words(lines: string[], x: number, y: number, up: number): void {
    lines.forEach((words, row) => {
      const pen = this.font(row);
      const half = pen.measureText(words).width / 2 + 4;
      const middle = Math.max(half, Math.min(this.width - half, x)); // never cut
      const top = Math.max(10, Math.min(this.height - 10, y + up + 16 * (row - (lines.length - 1) / 2)));
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.lineJoin = "round";
      pen.lineWidth = 4;
      pen.strokeStyle = this.inks.paper;
      pen.strokeText(words, middle, top);
      pen.fillStyle = this.inks.ink;
      pen.fillText(words, middle, top);
    });
  }
}

// A line from ring to ring; nothing where they touch.
function between([x1, y1]: [number, number], [x2, y2]: [number, number], room: number): [number, number][] {
  const length = Math.hypot(x2 - x1, y2 - y1);
  if (length <= 2 * room) return [];
  const [right, down] = [((x2 - x1) * room) / length, ((y2 - y1) * room) / length];
  return [[x1 + right, y1 + down], [x2 - right, y2 - down]];
}

function apart(one: Box, other: Box): boolean {
  const beside = one.x + one.width < other.x || other.x + other.width < one.x;
  return beside || one.y + one.height < other.y || other.y + other.height < one.y;
}

// The farthest first, by layers: within a layer in the order of the mode.
function byDepth({ cloud, order }: Scene): Uint32Array {
  const layers = 64;
  const starts = new Uint32Array(layers + 1);
  const layerOf = (n: number) => Math.min(layers - 1, Math.floor((cloud.depth[n] as number) * layers));
  for (let n = 0; n < cloud.count; n++) starts[layerOf(n) + 1] = (starts[layerOf(n) + 1] as number) + 1;
  for (let layer = 0; layer < layers; layer++) starts[layer + 1] = (starts[layer + 1] as number) + (starts[layer] as number);
  const sorted = new Uint32Array(cloud.count);
  for (const n of order) {
    const layer = layerOf(n);
    sorted[starts[layer] as number] = n;
    starts[layer] = (starts[layer] as number) + 1;
  }
  return sorted;
}
