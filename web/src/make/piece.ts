// A piece that is generated of the collection's own music, and the seconds of which it is made. As `earmark generate`
// has it.

import { api, Problem, problemOf } from "../api.ts";
import { Combobox } from "../combobox.ts";
import type { Context } from "../context.ts";
import { fill, h, Latest } from "../dom.ts";
import { follow } from "../jobs.ts";
import { clock, span } from "../numbers.ts";
import { busy, field, note, playButton, trouble } from "../parts.ts";
import type { Item, Piece, PieceSource } from "../schema.ts";
import { text } from "../text.ts";
import { numberInput, numberOf, ways } from "./inputs.ts";

// What is asked of the server, by the names of `text.piece.manners`.
const MANNERS: Record<string, object> = {
  music: { renderer: "mosaic", imagine: false },
  imagined: { renderer: "mosaic", imagine: true },
  network: { renderer: "spectrogram" },
};

const SAMPLE = 100; // tracks

export class PieceForm {
  readonly element: HTMLElement;
  private readonly genre: HTMLSelectElement;
  private readonly mood: HTMLSelectElement;
  private readonly like = new Combobox(text.piece.like, text.make.songExample);
  private readonly from = new Combobox(text.make.from, text.make.songExample);
  private readonly to = new Combobox(text.make.to, text.make.songExample);
  private readonly blend = new Combobox(text.piece.blend, text.piece.blendExample);
  private readonly seconds = numberInput({ min: 5, max: 600, value: 30 });
  private readonly temperature = h("input", { type: "range", min: "0", max: "2", step: "0.1", value: "0.5" });
  private readonly manner = h(
    "select",
    {},
    ...Object.entries(text.piece.manners).map(([value, words]) => h("option", { value }, words)),
  );
  private readonly seed = numberInput({ min: 0, placeholder: text.make.anySeed });
  private readonly result = h("div", { class: "result" });
  private readonly latest = new Latest();
  private way = "genre";

  constructor(private readonly context: Context) {
    const { genres, moods } = context.state;
    this.genre = choice(["", ...genres]);
    this.mood = choice(["", ...moods]);
    const how = ways(
      text.piece.how,
      [
        ["genre", text.piece.wayGenre, field(text.piece.genre, this.genre)],
        ["like", text.piece.wayLike, this.like.element],
        ["path", text.piece.wayPath, h("div", { class: "pair-of-fields" }, this.from.element, this.to.element)],
        ["blend", text.piece.wayBlend, this.blend.element],
      ],
      (way) => {
        this.way = way;
      },
    );
    const form = h(
      "form",
      { class: "piece-form" },
      how,
      field(text.piece.manner, this.manner),
      h("div", { class: "pair-of-fields" }, field(text.piece.mood, this.mood), field(text.piece.seconds, this.seconds)),
      h("div", { class: "pair-of-fields" }, field(text.piece.temperature, this.temperature, text.piece.temperatureAbout), field(text.make.seed, this.seed)),
      h("button", { type: "submit", class: "first" }, text.piece.make),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.make();
    });
    void this.suggest();
    this.element = h("section", { class: "maker" }, h("h2", {}, text.piece.title), h("p", { class: "quiet" }, text.piece.about), form, this.result);
  }

  // The genre that is most frequent among some tracks, so that the form as it stands makes something.
  private async suggest(): Promise<void> {
    const { tracks } = await api.tracks("", SAMPLE).catch(() => ({ tracks: [] as Item[] }));
    const counts = new Map<string, number>();
    for (const { genre } of tracks) counts.set(genre, (counts.get(genre) ?? 0) + 1);
    const [most] = [...counts].sort((one, other) => other[1] - one[1]);
    if (most && this.genre.value === "") this.genre.value = most[0];
  }

  private wish(): Record<string, unknown> {
    const what: Record<string, Record<string, string>> = {
      genre: { genre: this.genre.value },
      like: { like: this.like.value },
      path: { from: this.from.value, to: this.to.value },
      blend: { blend: this.blend.value },
    };
    const mood = this.way === "path" ? "" : this.mood.value;
    const made = MANNERS[this.manner.value] ?? {};
    return { ...what[this.way], ...made, mood, seconds: Number(this.seconds.value), temperature: Number(this.temperature.value), seed: numberOf(this.seed) };
  }

  private make(): void {
    const wish = this.wish();
    if (!["genre", "mood", "like", "from", "to", "blend"].some((name) => wish[name])) {
      fill(this.result, trouble(new Problem(0, this.way === "genre" ? text.piece.nothing : text.piece.noSong)));
      return;
    }
    fill(this.result, busy(text.piece.making));
    const progress = ({ made_s, of_s }: { made_s?: number; of_s?: number }) => {
      if (made_s !== undefined && of_s !== undefined) fill(this.result, busy(text.piece.progress(clock(made_s), clock(of_s))));
    };
    const work = api.generate(wish).then((started) => follow<Piece>(started, { progress }));
    void this.latest.of(work, (piece) => this.show(piece), (failure) => fill(this.result, trouble(problemOf(failure))));
  }

  private show(piece: Piece): void {
    const sound = { id: piece.id, title: text.piece.called(piece.understood.join("; ")), source: piece.audio };
    fill(
      this.result,
      ...piece.understood.map((words) => h("p", {}, words)),
      ...piece.notes.map(note),
      h(
        "p",
        { class: "buttons" },
        playButton(this.context, sound, text.piece.play, 0, null, text.piece.play),
        h("a", { class: "button", href: piece.audio, download: `earmark-${piece.seed}.wav` }, text.piece.download),
      ),
      h("p", { class: "quiet" }, text.piece.facts(clock(piece.seconds), piece.seed, piece.sources.length)),
      piece.sources.length > 0 &&
        h("details", {}, h("summary", {}, text.piece.sources), h("ol", { class: "rows" }, ...piece.sources.map((source) => this.source(source)))),
    );
    if (!this.context.player.playing) this.context.player.play(sound);
  }

  private source({ id, title, artist, from_s, to_s, start_s }: PieceSource): HTMLElement {
    const name = [artist, title].filter(Boolean).join(" – ");
    const sound = id && { id, title: name, source: `/api/tracks/${encodeURIComponent(id)}/audio` };
    return h(
      "li",
      { class: "row" },
      sound && playButton(this.context, sound, span(from_s, to_s), from_s, to_s),
      h("span", { class: "words" }, id ? h("a", { href: `#/listen/${id}` }, name) : name, h("span", { class: "quiet" }, ` ${text.piece.at(clock(start_s))}`)),
    );
  }
}

function choice(names: string[]): HTMLSelectElement {
  return h("select", {}, ...names.map((name) => h("option", { value: name }, name || text.piece.any)));
}
