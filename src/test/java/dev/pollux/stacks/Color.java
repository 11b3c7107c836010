package dev.pollux.stacks;

enum Color {
    RED,
    GREEN
}
