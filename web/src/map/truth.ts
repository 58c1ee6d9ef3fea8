// How true the map is, and what its directions go with: a plane cannot hold what many dimensions do.

import { h } from "../dom.ts";
import { percent, signed } from "../numbers.ts";
import type { MapData, PlaneData } from "../schema.ts";
import { text } from "../text.ts";

type Ends = [string, number][];

export function truthOfPlane(map: MapData, plane: PlaneData, curved: boolean): HTMLElement {
  const sides: [string, Ends][] = [
    [text.map.left, plane.goes_with.left],
    [text.map.right, plane.goes_with.right],
    [text.map.down, plane.goes_with.down],
    [text.map.up, plane.goes_with.up],
  ];
  const kept = plane.kept === null ? text.map.notMeasured : text.map.kept(map.neighbours.count, percent(plane.kept), percent(map.chance));
  return h(
    "section",
    {},
    h("h2", {}, text.map.truth),
    h("p", {}, kept),
    h("h2", {}, text.map.directions),
    table(sides),
    h("p", { class: "quiet" }, curved ? text.map.curvedWords : text.map.correlations),
  );
}

export function truthOfSpace(map: MapData): HTMLElement {
  const solid = map.solid;
  const sides = (solid?.goes_with ?? []).flatMap(({ plus, minus }, n): [string, Ends][] => {
    const share = percent(solid?.explained[n] ?? 0);
    return [
      [text.map.axisEnd(n + 1, "+", share), plus],
      [text.map.axisEnd(n + 1, "−", share), minus],
    ];
  });
  const sum = (solid?.explained ?? []).reduce((total, each) => total + each, 0);
  return h(
    "section",
    {},
    h("h2", {}, text.map.truth),
    h("p", {}, text.map.spaceTruth(percent(sum))),
    h("h2", {}, text.map.directions),
    table(sides),
    h("p", { class: "quiet" }, text.map.correlations),
  );
}

function table(sides: [string, Ends][]): HTMLElement {
  const rows = sides.map(([name, ends]) => {
    const words = ends.map(([each, value]) => `${each} ${signed(value)}`).join(", ");
    return h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, words || h("span", { class: "quiet" }, text.map.nothingClearly)));
  });
  return h("table", { class: "goes" }, h("tbody", {}, ...rows));
}
