import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** The story of README.md, told by logback; -Dlogback.configurationFile chooses the encoder. */
class LogbackStory {
    public static void main(String[] arguments) {
        Logger log = LoggerFactory.getLogger("shop");
        MDC.put("trace_id", "0af7651916cd43dd8448eb211c80319c");
        MDC.put("span_id", "b7ad6b7169203331");
        MDC.put("trace_flags", "01");
        log.atInfo().addKeyValue("user", "Jürgen ☃").addKeyValue("items", 3).addKeyValue("total", 12.5)
            .addKeyValue("city", "Köln").log("order placed");
        log.atWarn().addKeyValue("left", 1).log("stock low");
        log.error("payment failed", new IllegalStateException("card declined"));
        log.atDebug().addKeyValue("warm", false).log("cache miss");
    }
}
