// CSV as tests read it: by the reader of the product, in parts of any size.
import { type CsvRecord, readCsv } from '../../acs/north/csv.ts';

/** The text in parts of so many characters. */
export function* inParts(text: string, size: number): Generator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

/** Every record. @throws UserError 400 */
export async function parseCsv(text: string, size = 1000): Promise<CsvRecord[]> {
  const { records } = await readCsv(inParts(text, size));
  const found: CsvRecord[] = [];
  for await (const record of records) found.push(record);
  return found;
}
