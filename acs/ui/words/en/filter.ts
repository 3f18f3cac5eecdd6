// English texts of the filter.

export const filter = {
  label: 'Filter',
  placeholder: 'Words to look for, or a filter such as lost and tag = "vip"',
  shortcut: 'Filter',
  clear: 'Clear the filter',
  completions: 'Completions',
  fields: 'Fields',
  functions: 'Words of the language',
  parameters: 'Parameters',
  comparisons: 'Comparisons',
  joins: 'Then',
  or: 'Or',
  valuesOf: (field: string, isWithin: boolean) =>
    isWithin ? `Values of ${field}, in what matches so far` : `Values of ${field}`,
  tests: {
    '=': 'equals',
    '!=': 'is not',
    '<': 'below, older',
    '<=': 'at most',
    '>': 'above, newer',
    '>=': 'at least',
    like: '% any run, _ one character',
    in: 'one of these',
    exists: 'the field is there',
    begins: 'begins with',
  },
  wrong: (column: number, message: string) =>
    `Column ${column}: ${message}. What is shown still fits the last filter that could be read.`,
};
