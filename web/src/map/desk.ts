// The map with all that stands around it: fields above, the canvas, and beside it what is chosen, asked and meant.

import { api, problemOf } from "../api.ts";
import type { Context } from "../context.ts";
import { fill, h, isDark, Latest, whenThemeChanges } from "../dom.ts";
import { trouble } from "../parts.ts";
import type { MapData, PlaneData } from "../schema.ts";
import { text } from "../text.ts";
import { Asking } from "./asking.ts";
import { Cloud } from "./cloud.ts";
import { Fields, type Shape } from "./fields.ts";
import { legend } from "./legend.ts";
import { byGenre, byKept, byNumber, type Mode } from "./modes.ts";
import { type Near, Panel } from "./panel.ts";
import { Stage } from "./stage.ts";
import { truthOfPlane, truthOfSpace } from "./truth.ts";

export class MapDesk {
  readonly element: HTMLElement;
  private readonly stage: Stage;
  private readonly panel: Panel;
  private readonly asking: Asking;
  private readonly told = h("div", { class: "told", hidden: true });
  private readonly ends: Record<"left" | "right" | "up" | "down", HTMLElement>;
  private readonly about = h("div", {});
  private readonly key = h("div", {});
  private readonly said = h("p", { class: "quiet said", role: "status" });
  private readonly rowOf: Map<string, number>;
  private readonly latest = new Latest();
  private shape: Shape;
  private way: number[] = []; // gone from neighbour to neighbour
  private pathStart = -1;

  constructor(
    context: Context,
    private readonly map: MapData,
  ) {
    this.rowOf = new Map(map.ids.map((id, n) => [id, n]));
    this.shape = map.planes.curved ? "curved" : "flat";
    this.stage = new Stage(map, this.cloudOf(this.shape), {
      pointed: (n, x, y) => this.tell(n, x, y),
      chosen: (n) => this.chosen(n),
      around: (rows) => this.asking.gather(rows.map((n) => map.ids[n] ?? "").filter(Boolean), (id) => this.nameOf(id)),
      key: (name) => this.key_(name),
    });
    this.panel = new Panel(context, map, {
      choose: (n) => this.choose(n, true, true),
      pathFrom: (n) => this.startPath(n),
      pick: (n) => this.pick(n),
    });
    this.asking = new Asking(context, { marked: (ids) => this.mark(ids), path: (ids) => this.drawPath(ids) });
    this.ends = { left: end("left"), right: end("right"), up: end("up"), down: end("down") };
    const fields = new Fields(map, {
      shape: (shape) => this.useShape(shape),
      colour: (choice) => void this.colour(choice),
      search: (rows, go) => this.search(rows, go),
      tool: (tool) => this.useTool(tool),
      names: (shown) => this.showNames(shown),
    });
    this.element = h(
      "div",
      { class: "charted" },
      fields.element,
      h("div", { class: "stage" }, this.stage.canvas, ...Object.values(this.ends), fields.found, this.told, this.zoomButtons()),
      h(
        "div",
        { class: "beside" },
        this.said,
        this.panel.element,
        map.kind === "collection" && this.asking.element,
        this.key,
        this.about,
        h("section", {}, h("h2", {}, text.map.keys), h("p", { class: "quiet", id: "map-keys" }, text.map.keysWords)),
      ),
    );
    this.useShape(this.shape);
    this.useMode(byGenre(map));
    whenThemeChanges(() => this.useMode(this.stage.scene.mode));
  }

  // Of an address "#/map/17".
  showTrack(id: string): void {
    const row = this.rowOf.get(id);
    if (id && row !== undefined) this.choose(row, false, true);
    this.stage.later();
  }

  private cloudOf(shape: Shape): Cloud {
    if (shape === "solid" && this.map.solid) return Cloud.ofSpace(this.map.solid.xyz);
    return Cloud.ofPlane(this.plane(shape)?.xy ?? []);
  }

  private plane(shape: Shape): PlaneData | undefined {
    return shape === "curved" ? this.map.planes.curved : this.map.planes.flat;
  }

  private useShape(shape: Shape): void {
    this.shape = shape;
    const plane = shape === "solid" ? undefined : this.plane(shape);
    this.stage.regionsOf = (fine) => (fine ? plane?.fine_regions : plane?.regions) ?? [];
    this.stage.scene.axes = shape === "solid" ? this.axes() : [];
    for (const [side, element] of Object.entries(this.ends)) {
      const names = plane?.goes_with[side as keyof typeof this.ends].slice(0, 3).map(([name]) => name) ?? [];
      element.textContent = names.length ? `${text.map.arrows[side as keyof typeof this.ends]} ${names.join(", ")}` : "";
    }
    fill(this.about, plane ? truthOfPlane(this.map, plane, shape === "curved") : truthOfSpace(this.map));
    this.stage.setCloud(this.cloudOf(shape));
    if (this.stage.scene.selected >= 0 && !this.stage.scene.path.length) this.choose(this.stage.scene.selected, false, false);
  }

  private axes(): { at: [number, number, number]; words: string }[] {
    return (this.map.solid?.goes_with ?? []).flatMap(({ plus, minus }, n) =>
      [1, -1].map((sign) => {
        const at: [number, number, number] = [0, 0, 0];
        at[n] = sign;
        const ends = (sign > 0 ? plus : minus).slice(0, 2).map(([name]) => name);
        return { at, words: ends.join(", ") };
      }),
    );
  }

  private useMode(mode: Mode): void {
    this.stage.setMode(mode);
    const toggle = (label: number, shown: boolean) => {
      this.stage.scene.hidden[label] = !shown;
      this.stage.later();
    };
    fill(this.key, legend(mode, isDark(), toggle));
  }

  private async colour(choice: string): Promise<void> {
    if (choice === "genre") return this.useMode(byGenre(this.map));
    const kept = this.plane(this.shape)?.kept_each;
    if (choice === "kept") return kept ? this.useMode(byKept(text.map.keptName, kept)) : undefined;
    const { group, name } = JSON.parse(choice) as { group: string; name: string };
    await this.latest.of(api.colour(group, name), (colour) => this.useMode(byNumber(name, colour)), (failure) => fill(this.key, trouble(problemOf(failure))));
    return undefined;
  }

  private showNames(shown: boolean): void {
    this.stage.namesShown = shown;
    this.stage.refreshNames();
  }

  private useTool(tool: "move" | "lasso"): void {
    this.stage.tool = tool;
    this.stage.canvas.classList.toggle("lasso", tool === "lasso");
    this.said.textContent = tool === "lasso" ? text.map.lassoHow : "";
  }

  private zoomButtons(): HTMLElement {
    const button = (label: string, sign: string, act: () => void) => h("button", { type: "button", "aria-label": label, onclick: act }, sign);
    return h(
      "div",
      { class: "zoom" },
      button(text.map.zoomIn, "+", () => this.stage.zoom(1.4)),
      button(text.map.zoomOut, "−", () => this.stage.zoom(1 / 1.4)),
      button(text.map.whole, "⤢", () => this.stage.showAll()),
    );
  }

  // ---- dots

  private nameOf(id: string): string {
    const row = this.rowOf.get(id);
    return row === undefined ? id : this.panel.name(row);
  }

  private tell(n: number, x: number, y: number): void {
    this.told.hidden = n < 0;
    if (n < 0) return;
    fill(this.told, h("b", {}, this.panel.name(n)), h("span", {}, this.panel.genre(n)));
    const { clientWidth: width, clientHeight: height } = this.stage.canvas;
    const right = x + 16 + this.told.offsetWidth < width;
    this.told.style.left = `${Math.max(0, right ? x + 16 : x - 16 - this.told.offsetWidth)}px`;
    this.told.style.top = `${Math.max(0, Math.min(y + 16, height - this.told.offsetHeight))}px`;
  }

  private chosen(n: number): void {
    if (n < 0) return this.deselect();
    if (this.pathStart >= 0 && n !== this.pathStart) return this.endPath(n);
    return this.choose(n, true, false);
  }

  private choose(n: number, play: boolean, centre: boolean): void {
    const near = this.nearOf(n);
    this.stage.scene.selected = n;
    this.stage.scene.neighbours = near;
    this.way = [];
    if (centre) this.stage.centre(n);
    this.panel.show(n, near, play);
    this.stage.later();
  }

  private deselect(): void {
    this.stage.scene.selected = -1;
    this.stage.scene.neighbours = [];
    this.pathStart = -1;
    this.said.textContent = "";
    this.panel.clear();
    this.stage.later();
  }

  private nearOf(n: number): Near[] {
    const { rows, cosines } = this.map.neighbours;
    return (rows[n] ?? []).map((place, k) => {
      const between = this.stage.scene.cloud.between(n, place);
      return { place, cosine: cosines[n]?.[k] ?? 0, between, far: between > Math.max(30, this.map.count / 50) };
    });
  }

  private key_(name: string): void {
    const { selected } = this.stage.scene;
    if (name === "Escape") this.deselect();
    else if (name === "Enter") this.chosen(this.stage.middle());
    else if (selected < 0) return;
    else if (name === "n") this.goOn(selected);
    else if (name === "s") this.pick(selected);
    else if (name === "p") this.panel.element.querySelector<HTMLButtonElement>("button.play")?.click();
  }

  // From one true neighbour to the next, and to none twice on one way.
  private goOn(selected: number): void {
    const way = [...this.way, selected];
    const near = this.stage.scene.neighbours;
    const next = near.find(({ place }) => !way.includes(place)) ?? near[0];
    if (!next) return;
    this.choose(next.place, false, true);
    this.way = way;
  }

  // ---- answers on the map

  private pick(n: number): void {
    this.asking.pick(this.map.ids[n] ?? "", (id) => this.nameOf(id));
  }

  private startPath(n: number): void {
    this.pathStart = n;
    this.said.textContent = text.map.pathHow(this.panel.name(n));
  }

  private endPath(n: number): void {
    const start = this.pathStart;
    this.pathStart = -1;
    this.said.textContent = "";
    this.choose(n, false, false);
    this.asking.path(this.map.ids[start] ?? "", this.map.ids[n] ?? "");
  }

  private rowsOf(ids: string[]): number[] {
    return ids.map((id) => this.rowOf.get(id)).filter((row): row is number => row !== undefined);
  }

  private mark(ids: string[] | null): void {
    this.stage.scene.marked = ids && new Set(this.rowsOf(ids));
    this.stage.later();
  }

  private drawPath(ids: string[]): void {
    this.stage.scene.path = this.rowsOf(ids);
    if (ids.length) {
      this.stage.scene.marked = new Set(this.stage.scene.path);
      this.stage.scene.neighbours = []; // one thing at a time
      this.stage.showAll(); // also where it goes through what was out of sight
    }
    this.stage.later();
  }

  private search(rows: number[] | null, go: number): void {
    this.stage.scene.marked = rows && new Set(rows);
    this.stage.scene.path = [];
    if (go >= 0) this.choose(go, false, true);
    this.stage.later();
  }
}

function end(side: string): HTMLElement {
  return h("div", { class: `end ${side}`, "aria-hidden": "true" }); // they stand in the table beside, too
}
