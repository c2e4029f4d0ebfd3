/** Diagrams say what stands in which boundary by their drawing alone. Units are those of the drawing; y grows downwards. */
export interface Box {
  readonly id: string;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A line through its points, straight from one to the next. */
export type Path = readonly Point[];

export function centre(box: Box): Point {
  return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
}

/** The boxes that an element's middle lies in, the smallest first. Elements drawn over an edge belong where most of them is. */
export function enclosing(element: Box, boxes: readonly Box[]): readonly string[] {
  const { x, y } = centre(element);
  return boxes
    .filter((box) => box.id !== element.id && x >= box.left && x <= box.left + box.width && y >= box.top && y <= box.top + box.height)
    .sort(bySize)
    .map(({ id }) => id);
}

/** The smallest of the boxes that holds all of this one; boxes that overlap hold neither the other. */
export function parentOf(inner: Box, boxes: readonly Box[]): string | undefined {
  return boxes
    .filter(
      (box) =>
        box.id !== inner.id &&
        box.width * box.height > inner.width * inner.height &&
        inner.left >= box.left &&
        inner.top >= box.top &&
        inner.left + inner.width <= box.left + box.width &&
        inner.top + inner.height <= box.top + box.height,
    )
    .sort(bySize)[0]?.id;
}

/** Whether two lines meet anywhere. */
export function meet(one: Path, other: Path): boolean {
  return segments(one).some(([a, b]) => segments(other).some(([c, d]) => cross(a, b, c, d)));
}

function bySize(one: Box, other: Box): number {
  return one.width * one.height - other.width * other.height || (one.id < other.id ? -1 : 1);
}

function segments(path: Path): readonly (readonly [Point, Point])[] {
  return path.slice(1).map((point, index) => [path[index] ?? point, point] as const);
}

function cross(a: Point, b: Point, c: Point, d: Point): boolean {
  const side = (p: Point, q: Point, r: Point): number => Math.sign((q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x));
  return side(a, b, c) !== side(a, b, d) && side(c, d, a) !== side(c, d, b);
}

/**
 * Whether a flow crosses a boundary: its ends stand in different boxes, or it meets a line. Lines enclose nothing, so where there are any,
 * a flow that meets none of them may still pass around, and nobody knows.
 */
export function crosses(from: readonly string[], to: readonly string[], path: Path, lines: readonly Path[]): boolean | undefined {
  if (from.some((id) => !to.includes(id)) || to.some((id) => !from.includes(id))) return true;
  if (lines.some((line) => meet(path, line))) return true;
  return lines.length === 0 ? false : undefined;
}
