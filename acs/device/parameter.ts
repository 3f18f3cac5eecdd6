// A parameter of a device as the store knows it, in the tree that lies apart from the row.

/** One known value of the parameter tree. `time`: when it was read or set, milliseconds. */
export interface KnownValue {
  path: string;
  value: string;
  type: string;
  writable?: boolean;
  notification?: number;
  time: number;
}
