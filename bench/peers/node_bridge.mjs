// The bridge that carriers' tutorials have, in Node: two sockets of the package `ws`, JSON parsed whole.
import http from "node:http";
import WebSocket, { WebSocketServer } from "ws";

const url = process.env.OPENAI_BASE_URL.replace("http", "ws") + "/realtime?model=gpt-realtime";
const headers = { Authorization: `Bearer ${process.env.OPENAI_API_KEY}` };
const format = { type: "audio/pcmu" };

const server = http.createServer();
const phones = new WebSocketServer({ server, perMessageDeflate: false });

phones.on("connection", (phone) => {
  let stream = "";
  let latest = 0;
  let began = 0;
  let item = null;
  const marks = [];
  const model = new WebSocket(url, { headers, perMessageDeflate: false });
  const tell = (message) => {
    if (model.readyState === WebSocket.OPEN) model.send(JSON.stringify(message));
  };
  const play = (message) => phone.send(JSON.stringify({ streamSid: stream, ...message }));

  model.on("open", () => {
    const audio = { input: { format, turn_detection: { type: "server_vad" } }, output: { format, voice: "alloy" } };
    const session = { type: "realtime", output_modalities: ["audio"], instructions: "Be kind.", audio };
    tell({ type: "session.update", session });
    tell({ type: "response.create" });
  });

  model.on("message", (data) => {
    const response = JSON.parse(data);
    if (response.type === "response.output_audio.delta") {
      play({ event: "media", media: { payload: response.delta } });
      if (response.item_id !== item) {
        began = latest;
        item = response.item_id;
      }
      play({ event: "mark", mark: { name: "responsePart" } });
      marks.push("responsePart");
    } else if (response.type === "input_audio_buffer.speech_started" && item) {
      tell({ type: "conversation.item.truncate", item_id: item, content_index: 0, audio_end_ms: latest - began });
      play({ event: "clear" });
      marks.length = 0;
      item = null;
    }
  });

  phone.on("message", (message) => {
    const data = JSON.parse(message);
    if (data.event === "media") {
      latest = Number(data.media.timestamp);
      tell({ type: "input_audio_buffer.append", audio: data.media.payload });
    } else if (data.event === "start") {
      stream = data.start.streamSid;
    } else if (data.event === "mark") {
      marks.shift();
    }
  });

  phone.on("close", () => model.close());
  model.on("close", () => phone.close());
});

server.listen(Number(process.env.PORT), "127.0.0.1");
