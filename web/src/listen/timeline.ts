// A track over time: waveform, spectrogram and lanes on one axis, with a line that moves through all of them.
//
// wavesurfer draws the waveform from peaks that the server counted; the sound itself is played by the page's one player.
// A pointer or the arrow keys look at a moment, a click or Enter plays from there.

import WaveSurfer from "wavesurfer.js";

import { api } from "../api.ts";
import type { Context } from "../context.ts";
import { h, isDark, penOf, variable, whenThemeChanges } from "../dom.ts";
import { bounded } from "../numbers.ts";
import { ACCENT, sequentialTable } from "../palette.ts";
import type { Heard } from "../schema.ts";
import { text } from "../text.ts";
import { type Lane, lanesOf, momentWords } from "./lanes.ts";

const PEAKS = 1500;
const STEP_S = 1.5; // of an arrow key: a token

export class Timeline {
  readonly element: HTMLElement;
  private readonly overlay = h("div", {
    class: "overlay",
    role: "slider",
    tabindex: "0",
    "aria-label": text.lanes.slider,
    "aria-valuemin": "0",
  });
  private readonly ends: (() => void)[] = [];
  private readonly played = h("div", { class: "cursor played", hidden: true });
  private readonly looked = h("div", { class: "cursor looked", hidden: true });
  private readonly readout = h("p", { class: "readout" }, text.lanes.hint);
  private readonly wave = h("div", { class: "wave" });
  private readonly spectrogram = h("canvas", { class: "spectrogram", role: "img", "aria-label": text.lanes.spectrogramWords });
  private readonly canvases: [HTMLCanvasElement, Lane][] = [];
  private surfer: WaveSurfer | null = null;
  private time_s = 0;
  private readonly duration_s: number;
  private readonly resized = new ResizeObserver(() => this.redraw());
  private closed = false;

  constructor(
    private readonly context: Context,
    private readonly heard: Heard,
  ) {
    this.duration_s = heard.track.duration_s;
    this.overlay.setAttribute("aria-valuemax", String(Math.round(this.duration_s)));
    this.overlay.append(this.looked, this.played);
    const grid = h("div", { class: "timeline" });
    const row = (name: string, kind: string, part: HTMLElement) =>
      grid.append(h("div", { class: `label ${kind}` }, name), h("div", { class: `lane ${kind}` }, part));
    row(text.lanes.waveform, "waveform", this.wave);
    row(text.lanes.spectrogram, "spectrum", this.spectrogram);
    for (const lane of lanesOf(heard.track)) {
      const canvas = h("canvas", { role: "img", "aria-label": lane.words });
      this.canvases.push([canvas, lane]);
      row(lane.name, lane.kind, canvas);
    }
    grid.append(this.overlay);
    this.element = h("div", { class: "over-time" }, grid, this.readout);
    this.listen();
  }

  // To be called when the element is on the page.
  draw(): void {
    this.redraw();
    this.resized.observe(this.element);
    void this.drawWave();
    void this.drawSpectrogram();
    this.look(0, false);
  }

  close(): void {
    this.closed = true;
    for (const end of this.ends) end();
    this.resized.disconnect();
    this.surfer?.destroy();
  }

  private listen(): void {
    const { player } = this.context;
    const at = (event: PointerEvent | MouseEvent) => {
      const box = this.overlay.getBoundingClientRect();
      return bounded((event.clientX - box.left) / box.width) * this.duration_s;
    };
    this.overlay.addEventListener("pointermove", (event) => this.look(at(event)));
    this.overlay.addEventListener("pointerleave", () => this.leave());
    this.overlay.addEventListener("click", (event) => this.play(at(event)));
    this.overlay.addEventListener("keydown", (event) => this.keyed(event));
    this.ends.push(player.onMove(() => this.follow()), whenThemeChanges(() => this.redraw()));
  }

  private keyed(event: KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowLeft: -STEP_S, ArrowRight: STEP_S, PageDown: -10 * STEP_S, PageUp: 10 * STEP_S };
    const step = steps[event.key];
    if (step !== undefined) this.look(bounded(this.time_s + step, 0, this.duration_s));
    else if (event.key === "Home") this.look(0);
    else if (event.key === "End") this.look(this.duration_s - 0.1);
    else if (event.key === "Enter" || event.key === " ") this.play(this.time_s);
    else return;
    event.preventDefault();
  }

  private play(time_s: number): void {
    const sound = this.context.soundOf(this.heard);
    if (sound) this.context.player.play(sound, time_s);
    else this.readout.textContent = text.track.noSound;
  }

  private look(time_s: number, shown = true): void {
    this.time_s = time_s;
    const words = momentWords(this.heard.track, time_s);
    this.overlay.setAttribute("aria-valuenow", String(Math.round(time_s)));
    this.overlay.setAttribute("aria-valuetext", words);
    if (!shown) return;
    this.readout.textContent = words;
    this.looked.hidden = false;
    this.looked.style.left = `${(100 * time_s) / this.duration_s}%`;
  }

  private leave(): void {
    this.looked.hidden = true;
    this.follow();
  }

  private follow(): void {
    const { player } = this.context;
    if (this.closed) return;
    const on = player.isOn(this.heard.id);
    this.played.hidden = !on;
    if (!on) return;
    this.played.style.left = `${(100 * bounded(player.time_s / this.duration_s))}%`;
    this.surfer?.setTime(player.time_s);
    if (this.looked.hidden) this.readout.textContent = momentWords(this.heard.track, player.time_s);
  }

  private redraw(): void {
    if (this.closed) return;
    for (const [canvas, lane] of this.canvases) {
      const drawn = penOf(canvas);
      if (!drawn) continue;
      drawn.pen.clearRect(0, 0, drawn.width, drawn.height);
      lane.draw(drawn.pen, drawn.width, drawn.height);
    }
    this.surfer?.setOptions(inks());
  }

  private async drawWave(): Promise<void> {
    const found = await api.waveform(this.heard.waveform, PEAKS).catch(() => null);
    if (!found || this.closed) return;
    this.surfer = WaveSurfer.create({
      ...inks(),
      container: this.wave,
      height: 64,
      peaks: [found.high, found.low], // above the line and below it
      duration: found.duration_s,
      normalize: true,
      interact: false,
      hideScrollbar: true,
      cursorWidth: 0,
      cspNonce: document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "",
    });
    this.surfer.on("error", () => undefined);
  }

  // The server's picture is grey, 0 to 255; here it gets the scale of all pictures.
  private async drawSpectrogram(): Promise<void> {
    const found = await api.picture(this.heard.spectrogram).catch(() => null);
    const picture = found && (await createImageBitmap(found).catch(() => null));
    if (!picture || this.closed) return;
    const { spectrogram } = this;
    [spectrogram.width, spectrogram.height] = [picture.width, picture.height];
    const pen = spectrogram.getContext("2d");
    if (!pen) return;
    pen.drawImage(picture, 0, 0);
    const pixels = pen.getImageData(0, 0, spectrogram.width, spectrogram.height);
    const table = sequentialTable();
    for (let n = 0; n < pixels.data.length; n += 4) {
      const place = 3 * (pixels.data[n] ?? 0);
      pixels.data.set(table.subarray(place, place + 3), n);
    }
    pen.putImageData(pixels, 0, 0);
  }
}

function inks(): { waveColor: string; progressColor: string } {
  return { waveColor: isDark() ? "#6f7d8c" : variable("wave"), progressColor: ACCENT };
}
