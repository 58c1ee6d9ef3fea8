// The canvas of the map: what a pointer and the keys do to it. Whoever uses it is told what is pointed at, chosen, or
// drawn around.

import { h, whenThemeChanges } from "../dom.ts";
import type { MapData } from "../schema.ts";
import { text } from "../text.ts";
import { type Camera, Cloud, panned, turned, zoomed } from "./cloud.ts";
import { byGenre, drawingOrder, type Mode } from "./modes.ts";
import { Painter, type Scene } from "./painter.ts";

const WHEEL = 500; // pixels of a wheel that make a picture e times as large
const STEP = 60; // pixels that an arrow key moves by
const CLICK = 5; // pixels that a pointer may move within a click
const CLOSER = 2.2; // times the first view, from where small regions are named
const SPAN = 9; // times the first view, at which a track is shown that was searched for

export interface Told {
  pointed(n: number, x: number, y: number): void;
  chosen(n: number): void;
  around(rows: number[]): void;
  key(name: string): void;
}

interface Finger {
  now: [number, number];
  from: [number, number];
}

export class Stage {
  readonly canvas = h("canvas", { tabindex: "0", role: "application", "aria-describedby": "map-keys" });
  readonly scene: Scene;
  tool: "move" | "lasso" = "move";
  namesShown = true;
  private whole: Camera;
  private readonly painter: Painter;
  private readonly fingers = new Map<number, Finger>();
  private moving = false;
  private waiting = false;

  constructor(
    private readonly map: MapData,
    cloud: Cloud,
    private readonly told: Told,
  ) {
    this.canvas.setAttribute("aria-label", text.map.canvas(map.count));
    this.painter = new Painter(this.canvas);
    this.whole = cloud.whole(600, 400);
    const mode = byGenre(map);
    this.scene = {
      cloud,
      camera: this.whole,
      mode,
      order: drawingOrder(mode),
      radius: 3,
      hidden: [],
      marked: null,
      selected: -1,
      hovered: -1,
      neighbours: [],
      path: [],
      lasso: [],
      regions: [],
      axes: [],
    };
    this.listen();
  }

  setCloud(cloud: Cloud): void {
    this.scene.cloud = cloud;
    this.whole = cloud.whole(this.canvas.clientWidth || 600, this.canvas.clientHeight || 400);
    this.see(this.whole);
  }

  setMode(mode: Mode): void {
    this.scene.mode = mode;
    this.scene.order = drawingOrder(mode);
    this.scene.hidden = mode.labels.map(() => false);
    this.later();
  }

  // Draw when the browser next draws.
  later(): void {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.painter.draw(this.scene);
    });
  }

  zoom(factor: number, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2): void {
    const { clientWidth, clientHeight } = this.canvas;
    this.see(zoomed(this.scene.camera, factor, x - clientWidth / 2, y - clientHeight / 2, this.whole));
  }

  showAll(): void {
    this.see(this.whole);
  }

  centre(n: number): void {
    const [x, y] = this.scene.cloud.place(n);
    if (this.scene.cloud.solid) return; // it is turned about its middle
    const closer = Math.min(SPAN, 1 + this.map.count / 100) * this.whole.scale;
    this.see({ ...this.scene.camera, x, y, scale: Math.max(this.scene.camera.scale, closer) });
  }

  // The dot next to the middle of what is seen: how the keyboard chooses.
  middle(): number {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    return this.scene.cloud.nearest(width / 2, height / 2, Math.hypot(width, height), (n) => this.isShown(n));
  }

  refreshNames(): void {
    this.see(this.scene.camera);
  }

  private isShown(n: number): boolean {
    return !this.scene.hidden[this.scene.mode.classes[n] ?? 0];
  }

  private see(camera: Camera): void {
    const { scene, map } = this;
    const nearer = camera.scale / this.whole.scale;
    const small = map.count > 5000 ? 2.4 : map.count > 1000 ? 3 : map.count > 200 ? 4 : 6;
    scene.camera = camera;
    const room = Math.min(1, Math.max(0.7, Math.min(this.canvas.clientWidth, this.canvas.clientHeight) / 600)); // a phone
    scene.radius = Math.round(2 * Math.min(8, small * room * Math.max(1, nearer) ** 0.4)) / 2;
    scene.regions = this.namesShown && !scene.cloud.solid ? this.regions(nearer) : [];
    this.later();
  }

  regionsOf: (fine: boolean) => Scene["regions"] = () => [];

  private regions(nearer: number): Scene["regions"] {
    return this.regionsOf(nearer >= CLOSER);
  }

  private listen(): void {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => this.pressed(event));
    canvas.addEventListener("pointermove", (event) => this.moved(event));
    canvas.addEventListener("pointerup", (event) => this.released(event));
    canvas.addEventListener("pointercancel", (event) => this.fingers.delete(event.pointerId));
    canvas.addEventListener("pointerleave", () => this.hover(-1));
    canvas.addEventListener("wheel", (event) => this.wheeled(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.keyed(event));
    whenThemeChanges(() => this.later());
    new ResizeObserver(() => this.resized()).observe(canvas);
  }

  private resized(): void {
    const { clientWidth, clientHeight } = this.canvas;
    if (!clientWidth || !clientHeight) return;
    const nearer = this.scene.camera.scale / this.whole.scale;
    const whole = this.scene.cloud.whole(clientWidth, clientHeight);
    this.whole = { ...whole, yaw: this.scene.camera.yaw || whole.yaw, pitch: this.scene.camera.pitch || whole.pitch };
    this.see(Math.abs(nearer - 1) < 1e-6 ? this.whole : { ...this.scene.camera, scale: nearer * this.whole.scale });
  }

  private pressed(event: PointerEvent): void {
    const at: [number, number] = [event.offsetX, event.offsetY];
    this.canvas.setPointerCapture(event.pointerId);
    this.fingers.set(event.pointerId, { now: at, from: at });
    this.moving = this.fingers.size > 1;
    this.scene.lasso = this.tool === "lasso" && this.fingers.size === 1 ? [at] : [];
  }

  private moved(event: PointerEvent): void {
    const finger = this.fingers.get(event.pointerId);
    const now: [number, number] = [event.offsetX, event.offsetY];
    if (!finger) return this.hover(this.at(event), ...now);
    const before = finger.now;
    if (!this.moving && Math.hypot(now[0] - finger.from[0], now[1] - finger.from[1]) <= CLICK) return;
    this.moving = true;
    finger.now = now;
    this.hover(-1);
    if (this.fingers.size > 1) return this.pinch(event.pointerId, before, now);
    if (this.tool === "lasso") {
      this.scene.lasso.push(now);
      return this.later();
    }
    const [right, down] = [now[0] - before[0], now[1] - before[1]];
    this.see(this.scene.cloud.solid && !event.shiftKey ? turned(this.scene.camera, right, down) : panned(this.scene.camera, right, down));
  }

  private pinch(id: number, before: [number, number], now: [number, number]): void {
    const other = [...this.fingers].find(([each]) => each !== id)?.[1].now ?? now;
    const apart = ([x, y]: [number, number]) => Math.max(1, Math.hypot(x - other[0], y - other[1]));
    this.scene.lasso = [];
    this.see(panned(this.scene.camera, (now[0] - before[0]) / 2, (now[1] - before[1]) / 2));
    this.zoom(apart(now) / apart(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
  }

  private released(event: PointerEvent): void {
    const finger = this.fingers.get(event.pointerId);
    this.fingers.delete(event.pointerId);
    if (this.scene.lasso.length > 2) {
      this.told.around(this.scene.cloud.inside(this.scene.lasso, (n) => this.isShown(n)));
      this.scene.lasso = [];
      return this.later();
    }
    this.scene.lasso = [];
    if (finger && !this.moving) this.told.chosen(this.at(event));
    this.hover(-1);
  }

  // The dot under the pointer, -1 for none; a finger is broader than a mouse.
  private at(event: PointerEvent): number {
    const reach = Math.max(this.scene.radius + 3, event.pointerType === "touch" ? 18 : 9);
    return this.scene.cloud.nearest(event.offsetX, event.offsetY, reach, (n) => this.isShown(n));
  }

  private hover(n: number, x = 0, y = 0): void {
    if (this.scene.hovered !== n) {
      this.scene.hovered = n;
      this.canvas.classList.toggle("pointed", n >= 0);
      this.later();
    }
    this.told.pointed(n, x, y);
  }

  private wheeled(event: WheelEvent): void {
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : 1) * (event.ctrlKey ? 4 : 1); // a pinch on a touchpad
    this.zoom(Math.exp(-pixels / WHEEL), event.offsetX, event.offsetY);
  }

  private keyed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return; // the browser's own
    const moves: Record<string, [number, number]> = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
    const move = moves[event.key];
    if (move) this.see(this.scene.cloud.solid ? turned(this.scene.camera, ...move) : panned(this.scene.camera, ...move));
    else if (event.key === "+" || event.key === "=") this.zoom(1.4);
    else if (event.key === "-") this.zoom(1 / 1.4);
    else if (event.key === "0" || event.key === "Home") this.showAll();
    else if (["Enter", "Escape", "n", "p", "s"].includes(event.key)) this.told.key(event.key);
    else return;
    event.preventDefault();
  }
}
