// The peer most people would write in Node: plain http and the openai package.
import http from "node:http";
import OpenAI from "openai";

const client = new OpenAI();

http
  .createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    const stream = await client.chat.completions.create({
      model: "gpt-5.4-mini",
      messages: [{ role: "user", content: JSON.parse(body).message }],
      stream: true,
    });
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
    for await (const chunk of stream) {
      const tok = chunk.choices[0]?.delta?.content;
      if (tok) response.write(`data: ${JSON.stringify({ tok })}\n\n`);
    }
    response.end("data: [DONE]\n\n");
  })
  .listen(Number(process.env.PORT), "127.0.0.1");
