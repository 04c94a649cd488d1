"""pymunk: a physics engine by a module that stock cffi compiled, with callbacks from C."""

import pymunk


def _falling(steps: int) -> list:
    space = pymunk.Space()
    space.gravity = (0, -900)
    floor = pymunk.Segment(space.static_body, (-100, 0), (100, 5), 1)
    floor.friction = 0.7
    space.add(floor)
    balls = []
    for index in range(5):
        body = pymunk.Body(1 + index, 10)
        body.position = (index * 7 - 20, 60 + index * 15)
        ball = pymunk.Circle(body, 5)
        ball.elasticity = 0.4
        ball.friction = 0.5
        space.add(body, ball)
        balls.append(body)
    for _ in range(steps):
        space.step(1 / 120)
    return [
        tuple(round(float(value), 6) for value in (*ball.position, ball.angle)) for ball in balls
    ]


def check_falling_bodies() -> list:
    return _falling(240)


def check_collision_callbacks() -> list:
    space = pymunk.Space()
    space.gravity = (0, -100)
    ground = pymunk.Segment(space.static_body, (-10, 0), (10, 0), 1)
    ground.collision_type = 1
    body = pymunk.Body(1, 1)
    body.position = (0, 5)
    ball = pymunk.Circle(body, 1)
    ball.collision_type = 2
    space.add(ground, body, ball)
    heard = []

    def begin(arbiter, space, data):
        points = arbiter.contact_point_set.points
        heard.append((arbiter.is_first_contact, len(arbiter.shapes), len(points), data["name"]))

    space.on_collision(1, 2, begin=begin, data={"name": "ground"})
    for _ in range(120):
        space.step(1 / 60)
    return [heard[:3], round(float(body.position.y), 6)]


def check_queries() -> list:
    space = pymunk.Space()
    box = pymunk.Poly(space.static_body, [(0, 0), (10, 0), (10, 10), (0, 10)])
    space.add(box)
    space.step(0.1)
    hit = space.segment_query_first((-5, 5), (20, 5), 0, pymunk.ShapeFilter())
    near = space.point_query((12, 5), 5, pymunk.ShapeFilter())
    return [
        tuple(hit.point),
        tuple(hit.normal),
        round(hit.alpha, 6),
        [(tuple(it.point), it.distance) for it in near],
        [tuple(vertex) for vertex in box.get_vertices()],
        box.area,
        round(pymunk.moment_for_poly(2, box.get_vertices()), 6),
    ]


def check_velocity_function() -> list:
    space = pymunk.Space()
    body = pymunk.Body(1, 1)
    turns = []

    def slower(body, gravity, damping, step):
        turns.append(round(step, 3))
        pymunk.Body.update_velocity(body, (0, -10), 0.5, step)

    body.velocity_func = slower
    space.add(body, pymunk.Circle(body, 1))
    for _ in range(3):
        space.step(0.1)
    return [turns, tuple(round(float(value), 6) for value in body.velocity)]


def check_pickling() -> list:
    space = pymunk.Space()
    body = pymunk.Body(3, 4)
    body.position = (1, 2)
    space.add(body, pymunk.Circle(body, 2))
    again = space.copy()
    return [[(it.mass, it.moment, tuple(it.position)) for it in again.bodies], len(again.shapes)]
