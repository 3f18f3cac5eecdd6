// The parts that a page is made of, as data: forms of variables, tables, facts, and parts with a rendering of their own.
import type { Markup } from './markup.ts';
import type { View } from './view.ts';

interface PartFrame {
  heading: string;
  /** Where it is given and false, the part is left out. */
  isShown?(view: View): boolean;
  /** Settings are shown with the time at which they act, and whether they act at all. */
  hasMarks?: boolean;
  /** A sentence under the heading, where one applies. */
  note?(view: View): string | undefined;
}

export interface Field {
  /** Script name: `Cwmp.AcsUrl`, `SipEp.Gateway[Name=default].Port`; a column of a table has its own name only: `Port`. */
  name: string;
  /** Absent: the label of the vendor's notes, else its own name. */
  label?: string;
  /** Shown only, although the model would let it be changed. */
  isReadOnly?: boolean;
  /** Texts for the values of an enumeration: `{ Enable: 'Yes', Disable: 'No' }`. */
  texts?: Readonly<Record<string, string>>;
  /** Values to choose from where the model has no enumeration; a value that is none of them can still be kept. */
  choices?(view: View): readonly string[];
}

export interface FormPart extends PartFrame {
  kind: 'form';
  fields: readonly (string | Field)[];
}

export interface TablePart extends PartFrame {
  kind: 'table';
  /** Script name: `SipEp.Gateway`. */
  table: string;
  columns: readonly (string | Field)[];
  isReadOnly?: boolean;
  /** Key columns that are asked for in the row with `+`; absent: no row can be added. */
  add?: readonly string[];
  /** Each row has a `-`. */
  hasDelete?: boolean;
  /** Where it is given, only rows for which it is true are shown. @param row path of the row: `Device.X_0090F8_SipEp.Gateway.1.` */
  hasRow?(view: View, row: string): boolean;
}

/** Names and values that are no variables. */
export interface FactsPart extends PartFrame {
  kind: 'facts';
  head: readonly string[];
  facts(view: View): readonly (readonly string[])[];
}

/** A part with its own HTML: its forms are made by `actionForm`. */
export interface CustomPart extends PartFrame {
  kind: 'custom';
  render(view: View): Markup;
}

export type Part = FormPart | TablePart | FactsPart | CustomPart;

export const form = (heading: string, fields: readonly (string | Field)[], rest: Partial<FormPart> = {}): FormPart => ({
  kind: 'form',
  heading,
  fields,
  ...rest,
});

export const table = (
  heading: string,
  name: string,
  columns: readonly (string | Field)[],
  rest: Partial<TablePart> = {},
): TablePart => ({ kind: 'table', heading, table: name, columns, ...rest });

/** Texts of the vendor's pages for a switch that is Yes or No. */
export const yesNo = { Enable: 'Yes', Disable: 'No' } as const;

export const fieldOf = (field: string | Field): Field => (typeof field === 'string' ? { name: field } : field);
