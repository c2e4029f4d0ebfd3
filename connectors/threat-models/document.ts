/** A file as text and, where it is of a known syntax, as a value. Nothing it names is ever opened or fetched. */
export interface Document {
  readonly file: string;
  /** Of the bytes, hex. */
  readonly sha256: string;
  readonly text: string;
  readonly syntax: 'json' | 'yaml' | 'xml' | 'hcl';
  /** JSON, YAML and HCL as plain values (HCL as its JSON form); undefined for XML, which formats read from `text`. Several YAML documents: the first; all are in `documents`. */
  readonly value: unknown;
  readonly documents: readonly unknown[];
  /** What was odd on the way: invalid JSON read as YAML, a byte order mark in the middle. */
  readonly warnings: readonly { readonly pointer: string; readonly message: string }[];
}
