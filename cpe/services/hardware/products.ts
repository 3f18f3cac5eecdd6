// The hardware of each product: ports and LEDs. The names of products give the number of lines; that reading of them is ours.

export interface Hardware {
  /** `Mediatrix 41xx`: the series. */
  series: '41xx' | '44xx' | '3xxx' | 'other';
  /** Ethernet ports, by the names of the model. */
  ethernet: readonly string[];
  /** Lines: telephones (FXS), ISDN basic or primary rate. */
  lines: { kind: 'FXS' | 'BRI' | 'PRI'; count: number };
  /** The 3xxx series has no Ready LED (vendor's voice security notes). */
  hasReadyLed: boolean;
}

const ethernet = ['eth1', 'eth2'] as const;

/** `4102S` has two telephones, `4402 plus` two ISDN basic rates, `3532` two primary rates, `TA7102i` two telephones. */
export function hardwareOf(productClass: string): Hardware {
  const digits = /^(?:TA)?(\d{4})/.exec(productClass)?.[1] ?? '';
  const last = Number(digits.slice(2));
  const lines = (kind: Hardware['lines']['kind'], count: number): Hardware['lines'] => ({
    kind,
    count: Math.min(Math.max(count, 1), 24),
  });
  if (/^[47]1/.test(digits)) return { series: '41xx', ethernet, lines: lines('FXS', last), hasReadyLed: true };
  if (digits.startsWith('44')) return { series: '44xx', ethernet, lines: lines('BRI', last), hasReadyLed: true };
  if (/^3[5-7]/.test(digits)) return { series: '3xxx', ethernet, lines: lines('PRI', last % 10), hasReadyLed: false };
  if (digits.startsWith('3')) return { series: '3xxx', ethernet, lines: lines('FXS', last), hasReadyLed: false };
  return { series: 'other', ethernet, lines: lines('FXS', 2), hasReadyLed: true };
}
