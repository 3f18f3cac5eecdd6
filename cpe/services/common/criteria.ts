// Criteria of a row of Nlm.Events, which select notifications: `1400.303,1850.All,1600.W,-1850.500`.

import type { Severity } from '../../notifications.ts';

/** From the least to the most. */
export const severities: readonly Severity[] = ['Debug', 'Info', 'Warning', 'Error', 'Critical'];

interface Item {
  /** Numeric key of a service; undefined: all. */
  service?: number;
  /** Number of a notification, a severity, or undefined for all. */
  what?: number | Severity;
}

export interface Criteria {
  wanted: Item[];
  /** These win. */
  excluded: Item[];
}

const letters: Readonly<Record<string, Severity>> = { W: 'Warning', I: 'Info', C: 'Critical', D: 'Debug', E: 'Error' };

/** Reads a list; from the first `-` on, items are exclusions. Undefined when it is malformed; '' matches nothing. */
export function parseCriteria(text: string): Criteria | undefined {
  const criteria: Criteria = { wanted: [], excluded: [] };
  if (text.trim() === '') return criteria;
  let list = criteria.wanted;
  for (const part of text.split(',')) {
    let word = part.trim();
    if (word.startsWith('-')) {
      list = criteria.excluded;
      word = word.slice(1).trim();
    }
    const item = parseItem(word);
    if (!item) return undefined;
    list.push(item);
  }
  return criteria;
}

function parseItem(word: string): Item | undefined {
  if (word.toLowerCase() === 'all') return {};
  const match = /^(\d{1,5}|all)\.(\d{1,5}|all|[WICDE])$/i.exec(word);
  if (!match) return undefined;
  const [, service = '', what = ''] = match;
  const severity = letters[what.toUpperCase()];
  return {
    ...(service.toLowerCase() !== 'all' && { service: Number(service) }),
    ...(what.toLowerCase() !== 'all' && { what: severity ?? Number(what) }),
  };
}

export function matchesCriteria(criteria: Criteria, service: number, id: number, severity: Severity): boolean {
  const fits = (item: Item): boolean =>
    (item.service === undefined || item.service === service) &&
    (item.what === undefined || item.what === id || item.what === severity);
  return criteria.wanted.some(fits) && !criteria.excluded.some(fits);
}
