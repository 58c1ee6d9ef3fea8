// What all views share: the server's state, the player, the tracks that were dropped here, examples to teach by.

import type { Player, Sound } from "./player.ts";
import type { Heard, Item, State } from "./schema.ts";

export class Context {
  readonly dropped = new Map<string, string>(); // id of an upload: address of its file in this browser
  readonly files = new Map<string, File>(); // and the file itself, to hear it again
  readonly examples = new Examples();

  constructor(
    readonly state: State,
    readonly player: Player,
  ) {}

  get hasCollection(): boolean {
    return this.state.collection !== null && this.state.collection.count > 0;
  }

  keep(id: string, file: File): void {
    if (!this.dropped.has(id)) this.dropped.set(id, URL.createObjectURL(file));
    this.files.set(id, file);
  }

  // What can be played of a track; null where its sound is not there.
  soundOf(heard: Heard): Sound | null {
    const source = heard.audio ?? this.dropped.get(heard.id);
    return source ? { id: heard.id, title: heard.item ? titleOf(heard.item) : heard.name, source } : null;
  }

  soundOfItem(item: Item): Sound {
    return { id: item.id, title: titleOf(item), source: `/api/tracks/${encodeURIComponent(item.id)}/audio` };
  }
}

export function titleOf(item: Item): string {
  return item.artist ? `${item.artist} – ${item.title}` : item.title;
}

export interface Example {
  id: string;
  name: string;
}

// Tracks that have a word and tracks that have not, until it is taught.
export class Examples {
  readonly yes: Example[] = [];
  readonly no: Example[] = [];
  private readonly changed = new Set<() => void>();

  // Gives what ends it.
  onChange(act: () => void): () => void {
    this.changed.add(act);
    return () => this.changed.delete(act);
  }

  add(kind: "yes" | "no", example: Example): void {
    this.remove(example.id);
    this[kind].push(example);
    this.tell();
  }

  remove(id: string): void {
    for (const list of [this.yes, this.no]) {
      const place = list.findIndex((each) => each.id === id);
      if (place >= 0) list.splice(place, 1);
    }
    this.tell();
  }

  clear(): void {
    this.yes.length = this.no.length = 0;
    this.tell();
  }

  private tell(): void {
    for (const act of this.changed) act();
  }
}
