// Line icons of 24 × 24, by their names.
import type { JSX } from 'preact';

const shapes = {
  overview: ['M4 13a8 8 0 1 1 16 0', 'M12 13l4-5', 'M4 18h16'],
  devices: [
    'M4.500 13h15a1.500 1.500 0 0 1 1.500 1.500v3a1.500 1.500 0 0 1-1.500 1.500h-15a1.500 1.500 0 0 1-1.500-1.500v-3a1.500 1.500 0 0 1 1.500-1.500z',
    'M7 16h.01M11 16h.01',
    'M8 13V6M16 13V9',
  ],
  faults: ['M12 4l9 15.5H3z', 'M12 10v4M12 17h.01'],
  rollouts: ['M4 6h6M4 12h10M4 18h16', 'M17 5l3 3-3 3'],
  presets: ['M4 7h10M18 7h2M4 17h2M10 17h10', 'M14 7a2 2 0 1 0 4 0a2 2 0 1 0-4 0', 'M6 17a2 2 0 1 0 4 0a2 2 0 1 0-4 0'],
  enrolment: ['M5 21V4h9v17', 'M3 21h13', 'M11 13h.01', 'M17 9l3 3-3 3M20 12h-5'],
  files: ['M6 3h8l4 4v14H6z', 'M14 3v4h4', 'M9 13h6M9 17h4'],
  alerts: ['M6 17V11a6 6 0 0 1 12 0v6', 'M4 17h16M10 20.500h4'],
  audit: ['M5 4h14v16H5z', 'M8 8h8M8 12h8M8 16h4'],
  admin: ['M5.500 8a3.500 3.500 0 1 0 7 0a3.500 3.500 0 1 0-7 0', 'M3 20c0-4 2.500-6 6-6s6 2 6 6', 'M17 8h4M19 6v4'],
  more: ['M4 7h16M4 12h16M4 17h16'],
  fold: ['M14 6l-6 6 6 6M20 5v14'],
  search: ['M4.500 11a6.500 6.500 0 1 0 13 0a6.500 6.500 0 1 0-13 0', 'M16 16l4.500 4.500'],
  moon: ['M20 14A8 8 0 1 1 10 4a6.500 6.500 0 0 0 10 10z'],
  sun: [
    'M8 12a4 4 0 1 0 8 0a4 4 0 1 0-8 0',
    'M12 3v2M12 19v2M3 12h2M19 12h2M5.600 5.600l1.400 1.400M17 17l1.400 1.400M5.600 18.400l1.400-1.400M17 7l1.400-1.400',
  ],
  user: ['M8.500 8a3.500 3.500 0 1 0 7 0a3.500 3.500 0 1 0-7 0', 'M5 20c0-4 3-6 7-6s7 2 7 6'],
  close: ['M6 6l12 12M18 6L6 18'],
  check: ['M5 13l4.500 4.500L19 7'],
  link: ['M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1', 'M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1'],
  terminal: ['M4 7l4 5-4 5M11 18h8'],
  plus: ['M12 5v14M5 12h14'],
  tag: ['M4 4h8l8 8-8 8-8-8z', 'M8.500 8.500h.01'],
  pulse: ['M3 12h4l3-7 4 14 3-7h4'],
  edit: ['M5 19l1-4L16 5l3 3L9 18z'],
  download: ['M12 4v11M7 10l5 5 5-5M5 20h14'],
  upload: ['M12 16V5M7 10l5-5 5 5M5 20h14'],
  ellipsis: ['M5 12h.01M12 12h.01M19 12h.01'],
  columns: ['M4 5h16v14H4z', 'M10 5v14M15 5v14'],
  right: ['M9 6l6 6-6 6'],
  down: ['M6 9l6 6 6-6'],
  up: ['M6 15l6-6 6 6'],
  info: ['M3.500 12a8.500 8.500 0 1 0 17 0a8.500 8.500 0 1 0-17 0', 'M12 11v5M12 8h.01'],
  copy: ['M9 9h11v11H9z', 'M5 15V4h11'],
  trash: ['M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13'],
  pause: ['M8 5v14M16 5v14'],
  play: ['M7 5l12 7-12 7z'],
  reload: ['M20 12a8 8 0 1 1-2.500-5.800', 'M20 4v5h-5'],
  shield: ['M12 3l8 3v6c0 5-3.500 8-8 9-4.500-1-8-4-8-9V6z'],
  back: ['M9 6L4 11l5 5', 'M4 11h10a6 6 0 0 1 6 6v1'],
  clock: ['M3.500 12a8.500 8.500 0 1 0 17 0a8.500 8.500 0 1 0-17 0', 'M12 7v5l3.500 2'],
} as const;

export type IconName = keyof typeof shapes;

export const Icon = ({ name }: { name: IconName }): JSX.Element => (
  <svg class="i" viewBox="0 0 24 24" aria-hidden="true">
    {shapes[name].map(shape => (
      <path key={shape} d={shape} />
    ))}
  </svg>
);
