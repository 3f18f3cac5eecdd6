// Times as the API shows them.

export const iso = (time: number): string => new Date(time).toISOString();

export const isoOrNull = (time: number | undefined): string | null => (time === undefined ? null : iso(time));
