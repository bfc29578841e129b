import { startFleet } from "/work/main/collectors/simulator/fleet.ts";
process.on("message", async (o: any) => {
  if (o.type === "start") {
    const f = await startFleet(o.options);
    process.send!({ type: "ready", hosts: f.hosts.map((h) => ({ name: h.name, port: h.port })) });
  }
  if (o.type === "cpu") {
    process.send!({ type: "cpu", cpu: process.cpuUsage(), rss: process.memoryUsage().rss });
  }
});
process.on("disconnect", () => process.exit());
