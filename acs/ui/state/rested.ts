// A value that is typed, once it has rested for a moment.
import { useEffect, useState } from 'preact/hooks';
import { after } from './clock.ts';

/** The value as it was when it last did not change for `ms`. */
export function useRested<T>(value: T, ms: number): T {
  const [rested, setRested] = useState(value);
  useEffect(() => after(ms, () => setRested(value)), [value, ms]);
  return rested;
}
