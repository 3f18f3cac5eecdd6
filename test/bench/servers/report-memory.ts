// Loaded before a program whose memory is measured: on a message it collects garbage and reports what is left.
process.on('message', message => {
  if (message !== 'collect') return;
  const { gc } = globalThis as { gc?: () => void };
  // Twice: what was freed in the first is given back to the system in the second.
  for (let turn = 0; turn < 2; turn++) gc?.();
  process.send?.(process.memoryUsage());
});
// The program ends when its own work does.
process.channel?.unref();
