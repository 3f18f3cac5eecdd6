// Given models: documents of the Broadband Forum, stored as definitions so that no process reads their XML again.
import { buildModel } from '../../../shared/model/catalog.ts';
import type { Model, ModelDocument, ParameterDef, ValueRange } from '../../../shared/model/definitions.ts';
import { readDocument } from '../../../shared/model/document.ts';
import { checkDocument } from '../../../shared/model/document-limits.ts';
import { isBounded, patternOf } from '../../../shared/model/syntax.ts';
import { Turns } from '../../../shared/turns.ts';
import type { Product } from './learned-model.ts';

/** The devices that a document describes; without any mark it is a standard for all devices with its root. */
export interface ModelMarks {
  oui?: string;
  productClass?: string;
  softwareVersion?: string;
}

/** A document as it is stored, kind `model`. */
export interface GivenModel {
  marks: ModelMarks;
  /** Name and version in the document: `Device`, `2.9`. */
  title: string;
  version: string;
  objects: StoredObject[];
  parameters: StoredParameter[];
}

type StoredObject = Omit<ModelDocument['objects'][number], 'description' | 'maxEntries'> & {
  maxEntries: number | null;
};

interface StoredRange {
  min?: string;
  max?: string;
  step?: string;
}

type StoredParameter = Omit<ParameterDef, 'description' | 'pattern' | 'min' | 'max' | 'ranges'> & {
  pattern?: { source: string; flags: string };
  min?: string;
  max?: string;
  ranges?: StoredRange[];
};

/** Parameters that are translated without a break. */
const PORTION = 500;

/** Reads a document. @throws UserError 400 `bad-model`, naming what is wrong */
export async function readGivenModel(source: Buffer, marks: ModelMarks): Promise<GivenModel> {
  const text = await checkDocument(source);
  const { name, version, objects, parameters } = await readDocument(text, {});
  const turns = new Turns(PORTION);
  const stored: StoredParameter[] = [];
  for (const parameter of parameters) {
    stored.push(storedParameter(parameter));
    await turns.spent(1);
  }
  return {
    marks,
    title: name,
    version,
    objects: objects.map(({ description: _text, maxEntries, ...rest }) => ({
      ...rest,
      maxEntries: Number.isFinite(maxEntries) ? maxEntries : null,
    })),
    parameters: stored,
  };
}

export const modelOf = ({ title, version, objects, parameters }: GivenModel): Model =>
  buildModel({
    name: title,
    version,
    objects: objects.map(({ maxEntries, ...rest }) => ({
      ...rest,
      maxEntries: maxEntries ?? Number.POSITIVE_INFINITY,
    })),
    parameters: parameters.map(parameterOf),
    methods: [],
    services: [],
  });

/** Tells whether the document has marks and all of them fit. */
export const isOfProduct = ({ oui, productClass, softwareVersion }: ModelMarks, product: Product): boolean =>
  (oui ?? productClass ?? softwareVersion) !== undefined &&
  (oui === undefined || oui.toUpperCase() === product.oui.toUpperCase()) &&
  (productClass === undefined || productClass === product.productClass) &&
  (softwareVersion === undefined || softwareVersion === product.softwareVersion);

export const isStandard = ({ oui, productClass, softwareVersion }: ModelMarks): boolean =>
  (oui ?? productClass ?? softwareVersion) === undefined;

const textOf = (number: number | bigint | undefined): string | undefined => number?.toString();

/** JSON has no bigint. */
function storedRange({ min, max, step }: ValueRange): StoredRange {
  return {
    ...(min === undefined ? {} : { min: String(min) }),
    ...(max === undefined ? {} : { max: String(max) }),
    ...(step === undefined ? {} : { step: String(step) }),
  };
}

const numberOf = (text: string): number | bigint => {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
};

function rangeOf({ min, max, step }: StoredRange): ValueRange {
  return {
    ...(min === undefined ? {} : { min: numberOf(min) }),
    ...(max === undefined ? {} : { max: numberOf(max) }),
    ...(step === undefined ? {} : { step: Number(step) }),
  };
}

function storedParameter({ description: _text, pattern, min, max, ranges, ...rest }: ParameterDef): StoredParameter {
  const [least, most] = [textOf(min), textOf(max)];
  return {
    ...rest,
    ...(pattern && isBounded(pattern.source) ? { pattern: { source: pattern.source, flags: pattern.flags } } : {}),
    ...(least === undefined ? {} : { min: least }),
    ...(most === undefined ? {} : { max: most }),
    ...(ranges ? { ranges: ranges.map(storedRange) } : {}),
  };
}

function parameterOf({ pattern, min, max, ranges, ...rest }: StoredParameter): ParameterDef {
  return {
    ...rest,
    ...(pattern === undefined ? {} : { pattern: patternOf(pattern) }),
    ...(min === undefined ? {} : { min: numberOf(min) }),
    ...(max === undefined ? {} : { max: numberOf(max) }),
    ...(ranges ? { ranges: ranges.map(rangeOf) } : {}),
  };
}
