// Socket.IO with its Redis adapter, as its documentation sets it up: `serve` delivers, `publish` emits from elsewhere.
import http from "node:http";
import readline from "node:readline";
import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

const url = process.env.REDIS_URL;
const publisher = createClient({ url });
const subscriber = publisher.duplicate();
await Promise.all([publisher.connect(), subscriber.connect()]);
const adapter = createAdapter(publisher, subscriber);

if (process.argv[2] === "serve") {
  const server = http.createServer();
  const io = new Server(server, { adapter, transports: ["websocket"], perMessageDeflate: false });
  io.on("connection", (socket) => socket.join("floor"));
  server.listen(Number(process.env.PORT), "127.0.0.1");
} else {
  const io = new Server({ adapter });
  const sleepUntil = (at) => new Promise((resolve) => setTimeout(resolve, Math.max(0, at - performance.now())));
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { events, every, seconds } = JSON.parse(line);
    const rounds = Math.round(seconds / every);
    const began = performance.now();
    for (let round = 0; round < rounds; round += 1) {
      for (let number = 0; number < events; number += 1) {
        const text = `@${(Date.now() / 1000).toFixed(3)}@ What does it come to for a team of our size?`;
        const turn = { number: round, role: "visitor", text, unheard: "", agent: "", at: Date.now() / 1000 };
        io.to("floor").emit("event", { type: "TurnAdded", call: `dlc_1m8msvvqwk5dw2h1f${number}`, turn });
      }
      await sleepUntil(began + (round + 1) * every * 1000);
    }
    console.log(JSON.stringify({ written: rounds * events }));
  }
}
