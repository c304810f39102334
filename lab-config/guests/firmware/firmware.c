/* A small product for QEMU's `netduinoplus2` (STM32F405): a boot log and a heartbeat on its UART, a Wi-Fi key in its flash and a
   copy of it in SRAM. It is the device behind the benches `qemu-firmware` and `qemu-firmware-locked`. */
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define USART1_SR REGISTER(0x40011000)
#define USART1_DR REGISTER(0x40011004)
#define USART1_CR1 REGISTER(0x4001100C)
#define SYST_CSR REGISTER(0xE000E010)
#define SYST_RVR REGISTER(0xE000E014)
#define RXNE (1u << 5)
#define TXE (1u << 7)
/* 50 ms at 168 MHz; SysTick counts 24 bits. */
#define TICK 8400000u
#define TICKS_A_BEAT 10u

extern uint32_t stack_top;
void reset(void);
void tick(void);
static void hang(void) {
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    &stack_top, reset, hang, hang, hang, hang, hang, 0, 0, 0, 0, hang, hang, 0, hang, tick,
};

/* What a careless maker leaves in flash. */
__attribute__((section(".settings"), used)) static const char settings[] = "ssid=lab\0wifi_psk=correct-horse-battery-4711\0";

static volatile uint32_t ticks;
static volatile char in_use[sizeof settings];

static void say(const char *text) {
    for (; *text; text++) {
        while (!(USART1_SR & TXE)) {
        }
        USART1_DR = (uint8_t)*text;
    }
}

static void say_number(uint32_t number) {
    char digits[11];
    int at = 10;
    digits[at] = 0;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    say(digits + at);
}

void tick(void) {
    ticks++;
}

void reset(void) {
    uint32_t beat = 0;
    USART1_CR1 = (1u << 13) | (1u << 3) | (1u << 2); /* on, transmits, receives */
    for (uint32_t i = 0; i < sizeof settings; i++) {
        in_use[i] = ((volatile const char *)settings)[i];
    }
    say("assay-firmware v1.2.3, reset at power on\r\n");
    SYST_RVR = TICK - 1;
    SYST_CSR = 7; /* processor clock, interrupt, on */
    for (;;) {
        __asm volatile("wfi");
        if (USART1_SR & RXNE) {
            (void)USART1_DR; /* it listens to nobody */
        }
        if (ticks / TICKS_A_BEAT > beat) {
            beat = ticks / TICKS_A_BEAT;
            say("heartbeat ");
            say_number(beat);
            say("\r\n");
        }
    }
}
