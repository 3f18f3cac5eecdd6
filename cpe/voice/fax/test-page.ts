// The page that a simulated fax machine sends: a frame, a diagonal and bars that grow, so that a lost or shifted row is seen.
import { type FaxPage, ROW_BYTES, ROW_PIXELS, setBlack } from './t4.ts';

/** @param count rows; an A4 page has 1143 at the standard resolution */
export function testPage(count: number): FaxPage {
  const rows = Array.from({ length: count }, (_, y) => {
    const row = Buffer.alloc(ROW_BYTES);
    const set = (from: number, to: number): void => setBlack(row, from, to);
    if (y < 4 || y >= count - 4) set(0, ROW_PIXELS);
    set(0, 8);
    set(ROW_PIXELS - 8, ROW_PIXELS);
    set(100 + ((y * 5) % 1400), 130 + ((y * 5) % 1400));
    if (y % 16 < 8) set(200, 200 + (y % 700));
    return row;
  });
  return { rows };
}
