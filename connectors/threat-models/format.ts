import type { SystemModel } from '../../src/model/system-model.ts';
import type { Document } from './document.ts';

/** One format of threat models. A file per format; its id is the file's name. */
export interface Format {
  readonly id: string;
  /** As people call it: `AWS Threat Composer`. */
  readonly name: string;
  /** What is taken from it, in a sentence. */
  readonly about: string;
  /** The page that describes the format. */
  readonly doc: string;
  /** By content, never by the file's name. `refuse` is for files that are of this family but no model: why, and what to give instead. */
  recognise(document: Document): Recognition | undefined;
  /**
   * Files that the document says it is made of, or that its tool lays beside it, as written there. `openBeside` opens them where they are in
   * the model's folder; whatever else they name is left alone.
   */
  beside?(document: Document): readonly string[];
  /** Pure, throws for nothing that a document can hold: what cannot be placed becomes a warning. One file may hold several models. */
  read(document: Document, context: ReadContext): readonly SystemModel[];
}

export type Recognition = { readonly version?: string } | { readonly refuse: string };

/** What reading a model needs to know that its file does not tell. */
export interface ReadContext {
  readonly lexicon: Lexicon;
  /** What the techniques of an ATT&CK Navigator layer are: threats to see (the default), or detections that are said to exist. */
  readonly layerMeaning?: 'threats' | 'detections';
  /** What `openBeside` found, by path from the model's folder; a reason where a file is there and cannot be read. */
  readonly beside?: ReadonlyMap<string, Document | string>;
}

/** Cloud services by the words that people use for them (`rules/knowledge/component-types.yaml`), for formats that are free text. */
export interface Lexicon {
  /** The services that a text names, in the order they come, each once. */
  services(text: string): readonly { readonly type: string; readonly word: string; readonly index: number }[];
  /** The component type of a CloudFormation, Terraform, ARM or Cloud Asset type (`AWS::S3::Bucket`, `aws_s3_bucket`, `Microsoft.KeyVault/vaults`), or of a free tag. */
  typeOf(nativeType: string): string | undefined;
}
