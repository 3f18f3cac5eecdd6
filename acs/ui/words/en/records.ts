// English texts of lists of records, and of their drawers.
import { number, plural } from '../format.ts';

export const records = {
  shown: (shown: number, total: number) => `${number(shown)} of ${number(total)}`,
  atLeast: (shown: number, total: number) => `${number(shown)} of more than ${number(total)}`,
  entries: (count: number) => plural(count, { one: '# entry', other: '# entries' }),
  more: 'Show more',
  nextRow: 'Next row',
  previousRow: 'Previous row',
  changed: 'The list has changed · show',
  none: 'none',
  save: 'Save',
  saved: (name: string) => `${name} is saved`,
  remove: 'Delete…',
  removeNow: 'Delete',
  removed: (name: string) => `${name} is deleted`,
  edit: 'Edit…',
  name: 'Name',
  description: 'Description',
  filter: 'Filter',
  all: 'All',
  csv: 'CSV',
  otherWriter: 'Somebody else has changed it meanwhile. Open it again to see what it is now.',
};
