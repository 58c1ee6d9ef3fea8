// One player for the whole page: whatever is played anywhere is played here, and only one thing at a time.

import { text } from "./text.ts";

export interface Sound {
  id: string; // of the track
  title: string;
  source: string; // an address of the server, or of a file that was dropped here
}

type Listener = () => void;

export class Player {
  readonly audio = new Audio();
  sound: Sound | null = null;
  start_s = 0; // what was asked for, until somebody seeks
  end_s: number | null = null;
  trouble = "";
  private coming: Sound[] = []; // of a list that is played
  private readonly changed = new Set<Listener>();
  private readonly moved = new Set<Listener>();

  constructor() {
    this.audio.preload = "metadata";
    for (const name of ["play", "pause", "ended", "loadedmetadata"]) this.audio.addEventListener(name, () => this.tell());
    this.audio.addEventListener("play", () => this.follow());
    this.audio.addEventListener("seeked", () => this.move());
    this.audio.addEventListener("error", () => this.fail());
    this.audio.addEventListener("ended", () => this.goOn());
  }

  // Called when something else is played, and when it stops or goes on.
  onChange(act: Listener): void {
    this.changed.add(act);
  }

  // Called as the time goes on; gives what ends that.
  onMove(act: Listener): () => void {
    this.moved.add(act);
    return () => this.moved.delete(act);
  }

  get playing(): boolean {
    return !this.audio.paused && !this.audio.ended;
  }

  get time_s(): number {
    return this.audio.currentTime;
  }

  isOn(id: string): boolean {
    return this.sound?.id === id;
  }

  // Play one after the other, until something else is played.
  playAll(sounds: Sound[]): void {
    const [first, ...others] = sounds;
    if (!first) return;
    this.play(first);
    this.coming = others;
  }

  // Play from a second on, to another if one is given.
  play(sound: Sound, start_s = 0, end_s: number | null = null): void {
    this.trouble = "";
    this.coming = [];
    if (this.sound?.source !== sound.source) this.audio.src = sound.source;
    this.sound = sound;
    this.start_s = start_s;
    this.end_s = end_s;
    this.audio.currentTime = start_s;
    this.audio.play().catch(() => undefined); // what is wrong comes as an event
    this.tell();
  }

  toggle(): void {
    if (!this.sound) return;
    if (this.playing) this.audio.pause();
    else {
      this.end_s = null;
      this.audio.play().catch(() => undefined);
    }
  }

  seek(time_s: number): void {
    this.end_s = null;
    this.audio.currentTime = time_s;
    this.move();
  }

  private follow(): void {
    if (!this.playing) return;
    if (this.end_s !== null && this.audio.currentTime >= this.end_s) {
      this.audio.pause();
      this.audio.currentTime = Math.max(this.start_s, this.end_s - 0.05); // within what was played, not behind it
    }
    this.move();
    requestAnimationFrame(() => this.follow());
  }

  private goOn(): void {
    this.playAll(this.coming);
  }

  private fail(): void {
    if (!this.sound) return;
    const trouble = text.player.cannot(this.sound.title);
    this.goOn(); // a file that cannot be played does not end a list
    this.trouble = trouble;
    this.tell();
  }

  private tell(): void {
    for (const act of this.changed) act();
    this.move();
  }

  private move(): void {
    for (const act of this.moved) act();
  }
}
