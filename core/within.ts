/**
 * within.ts: work that is waited for no longer than a time; it may go on, unheard.
 */
/** @throws what `late` makes, once `ms` are over; what the work throws before */
export async function within<T>(ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  return Promise.race([work, over]).finally(() => clearTimeout(timer));
}
