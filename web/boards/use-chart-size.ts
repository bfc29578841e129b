/**
 * use-chart-size.ts: tells a chart that its place has another size.
 */
import { useEffect } from "preact/hooks";

export function useChartSize(host: { readonly current: HTMLElement | null }, onResize: () => void): void {
  useEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(onResize);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
}
