import type { AccountState, Finding } from '../model/assessment.ts';
import type { Scope } from '../model/scope.ts';
import type { Blind, Edge, Emitter, LogPaths, Node, Resource } from './graph.ts';

/** Collects what readers find into log paths. Adding a node or an edge that is there already (same id) changes nothing. */
export class PathsBuilder {
  readonly #accounts = new Map<string, AccountState>();
  readonly #emitters = new Map<string, Emitter>();
  readonly #nodes = new Map<string, Node>();
  readonly #edges = new Map<string, Map<string, Edge>>();
  readonly #resources = new Map<string, Resource>();
  readonly #blind: Blind[] = [];
  readonly #findings: { source: string; scope: Scope; finding: Finding }[] = [];
  readonly #taps = new Map<string, Map<string, Edge>>();
  readonly #pool = new Map<string, unknown>();

  /** The clock of the assessment, ISO. */
  readonly asOf: string;

  constructor(asOf: string) {
    this.asOf = asOf;
  }

  account(state: AccountState): void {
    this.#accounts.set(`${state.provider}|${state.id}`, state);
  }

  accounts(): readonly AccountState[] {
    return [...this.#accounts.values()];
  }

  /** Adds an emitter. Several readers may add taps to it, before and after: `tap`. */
  emitter(emitter: Emitter): void {
    if (!this.#emitters.has(emitter.id)) this.#emitters.set(emitter.id, emitter);
    for (const edge of emitter.taps) this.tap(emitter.id, edge);
  }

  /** Adds a first edge to an emitter; an edge that is there already (same id) changes nothing. */
  tap(emitter: string, edge: Edge): void {
    let taps = this.#taps.get(emitter);
    if (!taps) this.#taps.set(emitter, (taps = new Map()));
    if (!taps.has(edge.id)) taps.set(edge.id, edge);
  }

  /** Makes a thing once: equal selectors and edges become the same object. */
  once<T>(key: string, make: () => T): T {
    if (!this.#pool.has(key)) this.#pool.set(key, make());
    return this.#pool.get(key) as T;
  }

  node(node: Node): string {
    if (!this.#nodes.has(node.id)) this.#nodes.set(node.id, node);
    return node.id;
  }

  has(node: string): boolean {
    return this.#nodes.has(node);
  }

  nodeOf(id: string): Node | undefined {
    return this.#nodes.get(id);
  }

  edge(from: string, edge: Edge): void {
    let edges = this.#edges.get(from);
    if (!edges) this.#edges.set(from, (edges = new Map()));
    if (!edges.has(edge.id)) edges.set(edge.id, edge);
  }

  resource(resource: Resource): void {
    if (!this.#resources.has(resource.id)) this.#resources.set(resource.id, resource);
  }

  blind(blind: Blind): void {
    this.#blind.push(blind);
  }

  finding(source: string, scope: Scope, finding: Finding): void {
    this.#findings.push({ source, scope, finding });
  }

  /** Equal sets of taps become one array, so that their emitters are judged once. */
  #emittersWithTaps(): Emitter[] {
    const shared = new Map<string, readonly Edge[]>();
    return [...this.#emitters.values()].map((emitter) => {
      const taps = [...(this.#taps.get(emitter.id)?.values() ?? [])];
      const key = taps
        .map((edge) => edge.id)
        .sort()
        .join('\n');
      const own = shared.get(key) ?? taps;
      shared.set(key, own);
      return { ...emitter, taps: own };
    });
  }

  build(): LogPaths {
    return {
      accounts: this.accounts(),
      emitters: this.#emittersWithTaps(),
      nodes: this.#nodes,
      edges: new Map([...this.#edges].map(([from, edges]) => [from, [...edges.values()]])),
      resources: [...this.#resources.values()],
      blind: this.#blind,
      findings: this.#findings,
    };
  }
}
