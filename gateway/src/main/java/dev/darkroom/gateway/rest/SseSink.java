package dev.darkroom.gateway.rest;

import dev.darkroom.gateway.live.EventForm;
import dev.darkroom.gateway.live.EventStream;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.sse.OutboundSseEvent;
import jakarta.ws.rs.sse.Sse;
import jakarta.ws.rs.sse.SseEventSink;
import java.util.concurrent.CompletionException;

/** Events over a response. Each has an id and a name. */
final class SseSink implements EventStream.Sink {
  private final SseEventSink sink;
  private final Sse sse;
  private final long start = System.currentTimeMillis();
  private int count;
  private boolean gone;

  SseSink(SseEventSink sink, Sse sse) {
    this.sink = sink;
    this.sse = sse;
  }

  /** Says that nothing on the way may keep the events. */
  static void prepare(RoutingContext http) {
    http.response().putHeader("Cache-Control", "no-store").putHeader("X-Accel-Buffering", "no");
  }

  @Override
  public void send(EventForm.Sent event) {
    await(
        sse.newEventBuilder()
            .id(start + ":" + count++)
            .name(event.name())
            .data(event.data())
            .build());
  }

  @Override
  public void comment() {
    await(sse.newEventBuilder().comment("darkroom").build());
  }

  @Override
  public boolean isClosed() {
    return gone || sink.isClosed();
  }

  private void await(OutboundSseEvent event) {
    if (isClosed()) {
      return;
    }
    try {
      sink.send(event).toCompletableFuture().join();
    } catch (CompletionException | IllegalStateException e) {
      // The view went away while it was written to: the normal end of many streams.
      gone = true;
    }
  }
}
