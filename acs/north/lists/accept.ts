// The choice between JSON and CSV by the Accept header of a request (RFC 9110 12.5.1).

/** CSV is wanted more than JSON; a client that takes anything gets JSON. */
export function prefersCsv(accept: string | undefined): boolean {
  if (accept === undefined || !/csv/i.test(accept)) return false;
  const ranges = accept.split(',').map(rangeOf);
  const quality = (...names: string[]): number =>
    ranges.reduce((best, { type, q }) => (names.includes(type) ? Math.max(best, q) : best), 0);
  return quality('text/csv') > quality('application/json', 'application/*');
}

function rangeOf(text: string): { type: string; q: number } {
  const [type = '', ...parameters] = text.split(';').map(part => part.trim().toLowerCase());
  const given = parameters.find(parameter => parameter.startsWith('q='))?.slice(2);
  const q = given === undefined ? 1 : Number(given);
  return { type, q: Number.isFinite(q) ? q : 0 };
}
