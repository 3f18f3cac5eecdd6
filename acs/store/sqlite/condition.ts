// A part of an SQL statement, with the values of its placeholders.

export interface Condition {
  sql: string;
  params: (string | number)[];
}
